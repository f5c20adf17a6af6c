"""Who waits for which answer: futures by `apr_` id, and answers that came too early."""

import asyncio

from signoff.results import ApprovalResult


class Waiters:
    """The questions of one run that wait for an answer.

    A callback can be faster than the answer to the request that asked, so an answer that nobody
    waits for yet is kept for whoever comes. A parked wait is one future: no thread, no connection.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Future[ApprovalResult]]] = {}
        self._answers: dict[str, ApprovalResult] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def answer(self, result: ApprovalResult) -> bool:
        """Hand an answer to all who wait for it; the first one stays. Says whether anybody does."""
        first = self._answers.setdefault(result.id, result)
        futures = [
            future
            for future in self._waiting.pop(result.id, set())
            if not future.done()  # cancelled just now, and not yet gone
        ]
        for future in futures:
            future.set_result(first)
        return bool(futures)

    async def wait(self, approval_id: str) -> ApprovalResult:
        """Wait for the answer to a request, by its `apr_` id."""
        if approval_id in self._answers:
            return self._answers[approval_id]
        future: asyncio.Future[ApprovalResult] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(approval_id, set()).add(future)
        try:
            return await future
        finally:
            self._leave(approval_id, future)

    def _leave(self, approval_id: str, future: asyncio.Future[ApprovalResult]) -> None:
        futures = self._waiting.get(approval_id, set())
        futures.discard(future)
        if not futures:
            self._waiting.pop(approval_id, None)
