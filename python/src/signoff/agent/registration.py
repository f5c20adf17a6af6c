"""Registration and heartbeats: the server knows where this process is, and that it lives."""

import asyncio
import logging
from typing import Any, Final

from signoff.agent.in_hand import InHand, pages
from signoff.client import AsyncClient
from signoff.clock import AsyncClock
from signoff.errors import NotFoundError, RefusedError, SignoffError

log: Final = logging.getLogger("signoff.agent")

FIRST_WAIT_SECONDS: Final = 0.1
LONGEST_WAIT_SECONDS: Final = 5.0


class Registration:
    """One process of a node, as the server knows it.

    `secret` is what the server signs with; None until it has answered, which sets `known`. The
    server may be away at the start and at any time later: it is asked again until it is there.
    """

    def __init__(
        self, client: AsyncClient, clock: AsyncClock, in_hand: InHand, told: dict[str, Any]
    ) -> None:
        self._client = client
        self._clock = clock
        self._in_hand = in_hand
        self._told = told
        self._heartbeat_seconds = 1.0
        self._resync = False
        self._told_of = ""
        self.secret: str | None = None
        self.known = asyncio.Event()

    async def keep(self) -> None:
        """Register, then heartbeat until cancelled; register again when the server asks for it."""
        while True:
            await self._register()
            try:
                while True:
                    await self._clock.sleep(self._heartbeat_seconds)
                    await self._beat()
            except NotFoundError:
                log.info("the server does not know this process any more: registering again")
            except Exception:  # without heartbeats every lease would end, in silence
                log.exception("%s registers again", self._told["id"])
                await self._clock.sleep(LONGEST_WAIT_SECONDS)

    async def leave(self, timeout_seconds: float) -> None:
        """Tell the server that this process goes away; silently when it does not listen."""
        try:
            await self._client.shutdown_node(
                self._told["id"],
                instance_id=self._told["instance_id"],
                reason="the process is shutting down",
                timeout_seconds=timeout_seconds,
            )
        except SignoffError as unheard:
            log.info("the server was not told of the shutdown: %s", unheard)

    async def _register(self) -> None:
        wait = FIRST_WAIT_SECONDS
        while True:
            try:
                answer = await self._client.register_node(**self._told)
            except RefusedError as refused:
                # A wrong key or URL: somebody has to mend it, perhaps on the server's side.
                log.error("%s cannot register: %s", self._told["id"], refused)  # noqa: TRY400 - said, not a bug
            except SignoffError as away:
                self._warn_once("cannot register yet, and tries on", away)
            else:
                self.secret = answer.webhook_secret
                self._heartbeat_seconds = answer.heartbeat_seconds
                self.known.set()
                self._is_well()
                log.info("%s is registered", self._told["id"])
                return
            await self._clock.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT_SECONDS)

    async def _beat(self) -> None:
        whole = {"count": len(self._in_hand), "digest": self._in_hand.digest()}
        lists = pages(self._in_hand.ids()) if self._resync else None
        bodies = [whole]
        if lists is not None:
            bodies = [
                {**whole, "executions": page, "page": number, "pages": len(lists)}
                for number, page in enumerate(lists, 1)
            ]
        try:
            for body in bodies:
                answer = await self._client.heartbeat_node(
                    self._told["id"],
                    instance_id=self._told["instance_id"],
                    status="ready",
                    in_hand=body,
                )
                self._resync = answer.resync
            self._is_well()
        except NotFoundError:
            raise
        except RefusedError as refused:
            # The key was revoked, or the server was given keys and this process has none.
            self._warn_once("is refused by the server and gets no work", refused)
        except SignoffError as unheard:
            log.debug("a heartbeat was not heard: %s", unheard)

    def _warn_once(self, what: str, why: SignoffError) -> None:
        """Say what a person may have to mend; the same again only once it was well meanwhile."""
        said = f"{self._told['id']} {what}: {why}"
        if said != self._told_of:
            log.warning("%s", said)
            self._told_of = said

    def _is_well(self) -> None:
        if self._told_of:
            log.warning("%s and the server hear each other again", self._told["id"])
            self._told_of = ""
