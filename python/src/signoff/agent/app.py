"""`Agent`: reasoners that stop and ask, and go on where they stopped."""

import contextlib
import logging
import sys
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Mapping,
    Sequence,
)
from typing import Any, Final, ParamSpec, TypeVar, overload
from uuid import uuid4

from signoff import settings
from signoff.agent import ai, asgi, calls, pauses, serving
from signoff.agent.in_hand import InHand
from signoff.agent.incoming import Answer, refusal
from signoff.agent.lifetime import Lifetime, Terms, lifetime
from signoff.agent.reasoners import Reasoner, reasoner_of
from signoff.agent.run import RunContext, current, require
from signoff.agent.steps import run_step
from signoff.clock import AsyncClock, AsyncSystemClock
from signoff.errors import AgentNotRunningError, MissingDependencyError
from signoff.results import ApprovalResult
from signoff.transport import checked_url

log: Final = logging.getLogger("signoff.agent")

P = ParamSpec("P")
T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


class Agent:
    """A named process that offers reasoners to the control plane. An ASGI application.

    Args:
        node_id: the name of the node, 1 to 128 of `A-Z a-z 0-9 _ -`.
        version: of your code, for people to read.
        model: for `ai()`, a pydantic-ai model name or object; `SIGNOFF_MODEL` where none is given.
        server_url: the control plane; default `SIGNOFF_SERVER`, else `http://127.0.0.1:8080`.
        api_key: with the role `agent`, bound to this node; default `SIGNOFF_API_KEY`.
        public_url: where the control plane reaches this agent. `run()` finds it out; an agent
            mounted in another application must be given it, prefix included.
        shutdown_seconds: how long unfinished work may go on when the process is told to end.
        suspend_after_seconds: a run that has only waited for so long, for a person or for a call
            that waits for one, is unwound and leaves the memory; the decision brings it back as a
            new attempt that goes on by its steps. Default 300; None keeps it in memory.
        max_running: so many runs at a time, without those that wait; more are sent to another
            process of the node, or later. Default: no limit.
        clock: time, for tests.

    Raises:
        ValueError: `suspend_after_seconds` or `max_running` is out of its range.

    Mounted in FastAPI or Starlette, its `lifespan` has to run with the parent's::

        agent = Agent("refund-agent", public_url="http://10.0.0.7:8000/agent")
        api = FastAPI(lifespan=agent.lifespan)
        api.mount("/agent", agent)
    """

    def __init__(
        self,
        node_id: str,
        *,
        version: str = "0.0.0",
        model: Any = None,
        server_url: str | None = None,
        api_key: str | None = None,
        public_url: str | None = None,
        shutdown_seconds: float = 5.0,
        suspend_after_seconds: float | None = 300.0,
        max_running: int | None = None,
        clock: AsyncClock | None = None,
    ) -> None:
        if suspend_after_seconds is not None and not suspend_after_seconds >= 0:
            raise ValueError(
                f"suspend_after_seconds is a number from 0, not {suspend_after_seconds}"
            )
        if max_running is not None and max_running < 1:
            raise ValueError(f"max_running is a number from 1, not {max_running}")
        self.node_id = node_id
        self.version = version
        self.model = model
        self.server_url = server_url or settings.server_url()
        self.public_url = public_url
        self._api_key = api_key or settings.api_key()
        self._shutdown_seconds = shutdown_seconds
        self._suspend_after = suspend_after_seconds
        self._max_running = max_running
        self._clock = clock or AsyncSystemClock()
        self._reasoners: dict[str, Reasoner] = {}
        self._in_hand = InHand()
        self._life: Lifetime | None = None

    @overload
    def reasoner(self, work: F, /) -> F: ...

    @overload
    def reasoner(
        self, work: None = None, /, *, name: str | None = None, tags: Sequence[str] = ()
    ) -> Callable[[F], F]: ...

    def reasoner(
        self, work: F | None = None, /, *, name: str | None = None, tags: Sequence[str] = ()
    ) -> F | Callable[[F], F]:
        """Offer a function. Its type hints are the schema of its input and output.

        The function stays what it was and may be called directly, as in tests.

        Raises:
            TypeError: it has parameters that an input object cannot fill by name.
            ValueError: there is a reasoner of that name.
        """

        def offer(function: F) -> F:
            made = reasoner_of(function, name, tags)
            if made.name in self._reasoners:
                raise ValueError(f"{self.node_id} has a reasoner {made.name} already")
            self._reasoners[made.name] = made
            return function

        return offer if work is None else offer(work)

    @property
    def ctx(self) -> RunContext:
        """Who the run is: `node_id`, `execution_id`, `attempt_id`, `attempt` and `run_id`.

        Give `execution_id` to whoever has to find the run again: it is the same in all attempts.

        Raises:
            NotInRunError: not inside a reasoner that the control plane dispatched, or a step of it.
        """
        return require("app.ctx").context

    async def pause(
        self,
        approval_request_id: str,
        *,
        approval_request_url: str | None = None,
        expires_in_hours: float = 72,
        title: str | None = None,
        description: str | None = None,
        payload: Mapping[str, Any] | None = None,
        timeout: float | None = None,
    ) -> ApprovalResult:
        """Ask a person and wait for the answer, over any restart of anything.

        Args:
            approval_request_id: your own id of the question, 1 to 200 characters.
            approval_request_url: where a person decides.
            expires_in_hours: hours until the server ends it as `expired`; fractions allowed.
            title: one line for the reviewer.
            description: a text for the reviewer.
            payload: what the reviewer must see, a JSON object.
            timeout: seconds that this process waits; then the question is withdrawn. Default:
                until it is decided or expires.

        Returns:
            The decision: `approved`, `rejected`, `request_changes`, `expired`, or `error` when the
            question was withdrawn. Only `.approved` is a yes.

        Raises:
            PauseTimeoutError: `timeout` is over; the question is withdrawn.
            NondeterministicReplayError: an earlier attempt asked something else here.
            NotInRunError: not inside a reasoner that the control plane dispatched.
            ApiError: the control plane refused the question.

        Source: requestExecutionApproval.
        """
        given = {
            "approval_request_url": approval_request_url,
            "title": title,
            "description": description,
            "payload": dict(payload) if payload is not None else None,
        }
        request = {name: value for name, value in given.items() if value is not None}
        return await pauses.pause(
            self._run("pause"),
            approval_request_id,
            timeout,
            {**request, "expires_in_hours": expires_in_hours},
        )

    async def wait_for_resume(
        self, approval_request_id: str, *, timeout: float | None = None
    ) -> ApprovalResult | None:
        """The answer to a question that this execution has asked before; waits while it is pending.

        None at once when it has asked none under that id. Never asks.

        Raises:
            WaitTimeoutError: `timeout` seconds are over; the question stays pending.
            NotInRunError: not inside a reasoner that the control plane dispatched.

        Source: getExecutionApprovalStatus.
        """
        return await pauses.wait_for_resume(
            self._run("wait_for_resume"), approval_request_id, timeout
        )

    def note(self, message: str, *, tags: Sequence[str] = ()) -> None:
        """Leave a remark in the run's history. Not awaited: sent in order in the background.

        A later attempt that says the same again adds nothing. Outside a run it goes to the log.

        Source: addNote.
        """
        run = current()
        if run is None:
            log.info("note: %s %s", message, list(tags))
        else:
            run.notes.add(message, tags)

    async def call(self, target: str, /, **arguments: Any) -> Any:
        """Run a reasoner of any node, `"node.reasoner"`, and wait for its result.

        Recorded: a later attempt gets the first child's result.

        Raises:
            CallFailedError: the child ended otherwise than by success.
            UnknownTargetError: there is no such reasoner.
            NotInRunError: not inside a reasoner that the control plane dispatched.

        Source: executeAsync, getExecution.
        """
        return await calls.call(self._run("call"), target, arguments)

    @overload
    def step(self, work: Callable[P, Awaitable[T]], /) -> Callable[P, Awaitable[T]]: ...

    @overload
    def step(self, work: Callable[P, T], /) -> Callable[P, Awaitable[T]]: ...

    @overload
    def step(
        self,
        name: str,
        work: Callable[..., Awaitable[T]],
        /,
        *args: Any,
        key: str | None = None,
        **kwargs: Any,
    ) -> Awaitable[T]: ...

    @overload
    def step(
        self,
        name: str,
        work: Callable[..., T],
        /,
        *args: Any,
        key: str | None = None,
        **kwargs: Any,
    ) -> Awaitable[T]: ...

    def step(
        self,
        name: str | Callable[..., Any],
        work: Callable[..., Any] | None = None,
        /,
        *args: Any,
        key: str | None = None,
        **kwargs: Any,
    ) -> Any:
        """Do a piece of work once, whatever attempt this is.

        `await app.step("name", fn, *args)`, or `@app.step` above a function, whose calls are then
        awaited. The result is recorded before it is returned, and comes back as the
        annotated return type. A crash between the work and its record repeats this one piece.

        Args:
            name: of the step, 1 to 150 of `A-Z a-z 0-9 . _ ~ -`.
            work: a function; a plain one runs in a thread.
            key: tells steps of one name apart that run side by side.

        Raises:
            NondeterministicReplayError: it was recorded with other arguments.
            StepFailedError: it was recorded as failed; built-in exceptions are raised as such.
            TypeError: the arguments or the result are nothing that JSON can hold.

        Source: recordStep.
        """
        if isinstance(name, str):
            if work is None:
                raise TypeError('await app.step("name", fn, *args): the function is missing')
            return run_step(name, work, args, kwargs, key)
        function = name

        def stepped(*args: Any, **kwargs: Any) -> Awaitable[Any]:
            return run_step(function.__name__, function, args, kwargs)

        stepped.__name__, stepped.__doc__ = function.__name__, function.__doc__
        stepped.__wrapped__ = function  # type: ignore[attr-defined]
        return stepped

    async def ai(
        self,
        *,
        user: str,
        system: str | None = None,
        schema: Any = str,
        model: Any = None,
    ) -> Any:
        """Ask a model; the answer has the type `schema` (a pydantic model, or `str`).

        Recorded: a later attempt gets the first answer. Needs `signoff[ai]`.

        Raises:
            NoModelError: no model is named here, in `Agent(model=…)` or in `SIGNOFF_MODEL`.
            MissingDependencyError: pydantic-ai is not installed.

        Source: recordStep; pydantic-ai.
        """
        return await ai.ask(
            system=system, user=user, schema=schema, model=model, default=self.model
        )

    def run(
        self, host: str | None = None, port: int | None = None, *, auto_port: bool = True
    ) -> None:
        """Serve until SIGTERM or Ctrl-C. Needs `signoff[agent]`.

        Args:
            host: the address to bind, `0.0.0.0` for all; default `SIGNOFF_AGENT_HOST`, else
                `127.0.0.1`.
            port: the port to bind; default `PORT`, else 8001.
            auto_port: take another port when it is taken.

        Raises:
            SystemExit: it cannot listen there, the server's URL is none, or uvicorn is not
                installed; says so in one line.
        """
        try:
            server = serving.server(self)
            checked_url(self.server_url)
        except (MissingDependencyError, ValueError) as unfit:
            sys.exit(f"{self.node_id} cannot start: {unfit}")
        try:
            host = settings.agent_host() if host is None else host
            port = settings.agent_port() if port is None else port
            sock = serving.listen(host, port, auto_port=auto_port)
        except (OSError, ValueError) as unfit:
            sys.exit(f"{self.node_id} cannot listen on {host}:{port}: {unfit}")
        with sock:
            if self.public_url is None:
                bound = sock.getsockname()[1]
                self.public_url = serving.base_url(host, bound, self.server_url)
            where = f"{self.node_id} listens on {self.public_url}"
            print(where, flush=True)  # noqa: T201 - for the person at the terminal
            server.run(sockets=[sock])

    @contextlib.asynccontextmanager
    async def lifespan(self, _parent: Any = None) -> AsyncIterator[None]:
        """Register, heartbeat, and hand back what is unfinished at the end.

        Raises:
            AgentNotRunningError: `public_url` is not known.
        """
        if self.public_url is None:
            raise AgentNotRunningError(
                f"{self.node_id}: give Agent(public_url=…), "
                "the URL under which the control plane reaches the place where it is mounted"
            )
        terms = Terms(
            server_url=self.server_url,
            api_key=self._api_key,
            clock=self._clock,
            shutdown_seconds=self._shutdown_seconds,
            suspend_after=self._suspend_after,
            max_running=self._max_running,
        )
        try:
            async with lifetime(self._told(), self._reasoners, self._in_hand, terms) as self._life:
                yield
        finally:
            self._life = None

    async def registered(self) -> None:
        """Come back once the control plane knows this process.

        Raises:
            AgentNotRunningError: it is not served.
        """
        if self._life is None:
            raise AgentNotRunningError(_NOT_RUNNING.format(self.node_id))
        await self._life.registration.known.wait()

    async def __call__(self, scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        """The ASGI application."""
        if scope["type"] == "lifespan":
            await asgi.live(self.lifespan(), receive, send)
        elif scope["type"] == "http":
            await asgi.respond(send, await self._answer(scope, receive))

    async def _answer(self, scope: asgi.Scope, receive: asgi.Receive) -> Answer:
        path = asgi.route_path(scope)
        if scope["method"] == "GET" and path == "/health":
            return 200, {"status": "ok", "node_id": self.node_id, "version": self.version}
        if scope["method"] != "POST":
            return refusal(405, "method_not_allowed", "an agent answers POST, and GET /health")
        body = await asgi.read_body(receive)
        if isinstance(body, tuple):
            return body
        if self._life is None:
            return refusal(503, "not_running", _NOT_RUNNING.format(self.node_id))
        return self._life.incoming.handle(path, asgi.header_map(scope), body)

    def _run(self, verb: str) -> Any:
        if current() is None and self._life is None:
            raise AgentNotRunningError(f"app.{verb}(): " + _NOT_RUNNING.format(self.node_id))
        return require(f"app.{verb}()")

    def _told(self) -> dict[str, Any]:
        return {
            "id": self.node_id,
            "base_url": self.public_url,
            "version": self.version,
            "instance_id": uuid4().hex,
            "reasoners": [reasoner.describe() for reasoner in self._reasoners.values()],
            "features": {"signoff": 1},
        }


_NOT_RUNNING: Final = (
    "{} is not running: start it with app.run(), or give app.lifespan to the application "
    "that it is mounted in"
)
