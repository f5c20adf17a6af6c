"""Who waits for which answer: futures by `apr_` id, and answers that came too early."""

import asyncio

from signoff.results import ApprovalResult


class Waiters:
    """The questions of one run that wait for an answer.

    A callback can be faster than the answer to the request that asked, so an answer that nobody
    waits for yet is kept for whoever comes. A parked wait is one future: no thread, no connection.
    """

    def __init__(self) -> None:
        self._futures: dict[str, asyncio.Future[ApprovalResult]] = {}
        self._early: dict[str, ApprovalResult] = {}

    def __len__(self) -> int:
        return len(self._futures)

    def answer(self, result: ApprovalResult) -> bool:
        """Hand an answer to whoever waits for it. Says whether somebody does."""
        future = self._futures.get(result.id)
        if future is None or future.done():
            self._early.setdefault(result.id, result)
            return False
        future.set_result(result)
        return True

    async def wait(self, approval_id: str) -> ApprovalResult:
        """Wait for the answer to a request, by its `apr_` id. Several may wait for one."""
        early = self._early.get(approval_id)
        if early is not None:
            return early
        future = self._futures.get(approval_id)
        if future is None:
            future = asyncio.get_running_loop().create_future()
            self._futures[approval_id] = future
        try:
            result = await asyncio.shield(future)
        finally:
            if future.done():
                self._futures.pop(approval_id, None)
        self._early[approval_id] = result
        return result

    def forget(self, approval_id: str) -> None:
        """Nobody waits for it any more."""
        future = self._futures.pop(approval_id, None)
        if future is not None:
            future.cancel()
