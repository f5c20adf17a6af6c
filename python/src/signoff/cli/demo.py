"""`signoff demo`: a refund waits for a person, survives a crash, and goes on."""

import secrets
import sys
from importlib.util import find_spec
from pathlib import Path
from subprocess import Popen
from typing import TYPE_CHECKING, Any, Final

from signoff.cli import output, reviewer, times
from signoff.cli.chain import Head, check
from signoff.cli.exits import Exit
from signoff.cli.failures import Failure
from signoff.cli.options import Json, connected
from signoff.cli.stage import Interrupts, Stage, free_ports, python
from signoff.cli.teller import Teller
from signoff.contract_gen import Approval, Execution, ExecutionStatus, InstanceState, StepKind

if TYPE_CHECKING:
    from signoff.blocking.client import Client

TICKET: Final = "Please refund my annual plan, I was billed twice."
NODE: Final = "refund-agent"
PATIENCE: Final = 20.0
"""Seconds that each part of it may take."""


def demo(as_json: Json = False) -> None:
    """See a refund wait for you, survive a crash of its agent, and go on.

    Starts a server and an agent of its own, in a temporary folder, and leaves nothing behind.
    On a terminal you decide; elsewhere curl and openssl do, by a signed message.
    """
    if find_spec("pydantic_ai") is None or find_spec("uvicorn") is None:
        raise Failure(
            Exit.CANNOT_START,
            "missing_packages",
            "the demo's agent needs more packages",
            "pip install 'signoff[all]'",
        )
    if not sys.stdin.isatty():
        reviewer.check_programs()
    with Interrupts() as interrupts, Stage(interrupts) as stage:
        teller = Teller(stage.clock, quiet=as_json)
        play = Play(stage, teller)
        execution = play.run()
    teller.done("tidied up", "server and agent have ended, the folder is gone")
    teller.note(f"all of it in {times.span(teller.seconds)}")
    if as_json:
        summary = {"seconds": round(teller.seconds, 3), "side_effects": play.side_effects}
        output.print_json(summary | {"execution": output.plain(execution)})


class Play:
    """The story, act by act."""

    def __init__(self, stage: Stage, teller: Teller) -> None:
        self._stage = stage
        self._teller = teller
        self._secret = secrets.token_hex(32)
        self._reviews = stage.path / "reviews.log"
        self._server_port, self._agent_port = free_ports(2)
        self._url = f"http://127.0.0.1:{self._server_port}"
        self.side_effects = 0

    def run(self) -> Execution:
        """Play it to its end.

        Raises:
            Failure: it came to another end.
        """
        self._start_server()
        # It takes a while to import; it finds the server when both are there.
        agent = self._start_agent()
        with connected(self._url, None) as client:
            self._stage.until(self._announced, "the start of the server", PATIENCE)
            self._teller.done("server", f"{self._url}, its database in a temporary folder")
            instance = self._registered(client, "agent", agent)
            execution_id = self._ask(client)
            approval = self.wait_for_gate(client, execution_id)
            self._stage.kill(agent)
            self._teller.done("killed", f"the agent, pid {agent.pid}, by SIGKILL")
            self.still_waiting(client, execution_id)
            agent = self._start_agent()
            self._registered(client, "started again", agent, before=instance)
            self._decide(client, approval)
            execution = self.finish(client, execution_id)
            self.nothing_twice(client, execution)
        return execution

    def _start_server(self) -> None:
        port = str(self._server_port)
        options = ["--port", port, "--log-format", "text", "--json"]
        environment = {
            "SIGNOFF_DATABASE_URL": f"sqlite:///{self._stage.path / 'signoff.db'}",
            "SIGNOFF_APPROVAL_WEBHOOK_SECRET": self._secret,
        }
        command = python("-m", "signoff.cli", "serve", *options)
        self._stage.start("server", command, environment)

    def _announced(self) -> bool | None:
        """Whether the server has said that it is ready."""
        log = (self._stage.path / "server.log").read_text(encoding="utf-8")
        return True if f'{{"url":"{self._url}"' in log else None

    def _start_agent(self) -> Popen[bytes]:
        environment = {
            "SIGNOFF_SERVER": self._url,
            "PORT": str(self._agent_port),
            "REVIEWS_LOG": str(self._reviews),
        }
        script = example(self._stage.path) / "scripted.py"
        return self._stage.start("agent", python(str(script)), environment)

    def _registered(
        self, client: "Client", heading: str, agent: Popen[bytes], before: str = ""
    ) -> str:
        """The instance that the agent has registered, another than `before`."""

        def found() -> str | None:
            for node in client.list_nodes().items:
                for instance in node.instances:
                    new = instance.instance_id != before
                    if new and instance.state == InstanceState.LIVE:
                        return instance.instance_id
            return None

        instance = self._stage.until(found, "the registration of the agent", PATIENCE)
        self._teller.done(heading, f"{NODE}, pid {agent.pid}, port {self._agent_port}")
        return instance

    def _ask(self, client: "Client") -> str:
        execution = client.execute_async(f"{NODE}.decide_refund", input={"ticket": TICKET})
        self._teller.done("ticket", f"“{TICKET}”", execution.execution_id)
        return execution.execution_id

    def wait_for_gate(self, client: "Client", execution_id: str) -> Approval:
        """The question that the agent asks.

        Raises:
            Failure: it asked none.
        """

        def parked() -> Approval | None:
            execution = client.get_execution(execution_id)
            if execution.completed_at is not None:
                raise self._stage.failure(f"the execution is {execution.status} already")
            if execution.status != ExecutionStatus.WAITING:
                return None
            return client.get_approval_request(execution.pending_approvals[0])

        approval = self._stage.until(parked, "the gate", PATIENCE)
        steps = client.list_steps(execution_id).items
        figures: Any = next(step.result for step in steps if step.kind == StepKind.AI)
        why = f"${figures['amount_usd']:,.0f} at {figures['confidence']} confidence"
        self._teller.done(
            ExecutionStatus.WAITING.value,
            f"{why}: a person decides",
            f"review {approval.approval_request_id}  {approval.approval_request_url}",
        )
        return approval

    def still_waiting(self, client: "Client", execution_id: str) -> None:
        """See that the wait did not end with the agent.

        Raises:
            Failure: it did.
        """
        execution = client.get_execution(execution_id)
        if execution.status != ExecutionStatus.WAITING:
            raise self._stage.failure(f"the execution is {execution.status} and not waiting")
        self._teller.done(
            f"still {execution.status}", "a row in the server's database, no coroutine"
        )

    def _decide(self, client: "Client", approval: Approval) -> None:
        if sys.stdin.isatty():
            said = reviewer.ask(client, approval, self._teller)
        else:
            said = reviewer.sign(self._url, self._secret, approval, self._teller)
        self._teller.done(said.status.value, f"by {_who(said)}{_words(said)}")

    def finish(self, client: "Client", execution_id: str) -> Execution:
        """The execution as it ended.

        Raises:
            Failure: it did not succeed.
        """

        def finished() -> Execution | None:
            execution = client.get_execution(execution_id, wait_seconds=0.5)
            return execution if execution.completed_at is not None else None

        execution = self._stage.until(finished, "the end of the execution", PATIENCE)
        if execution.status != ExecutionStatus.SUCCEEDED:
            raise self._stage.failure(f"the execution is {execution.status}: {execution.error}")
        self._teller.done(execution.status.value, output.json_words(execution.result))
        return execution

    def nothing_twice(self, client: "Client", execution: Execution) -> None:
        """Count what `create_review` left outside of server and agent, and check the record.

        Raises:
            Failure: it ran more than once, or the record is not whole.
        """
        lines = self._reviews.read_text(encoding="utf-8").splitlines()
        self.side_effects = len(lines)
        if len(lines) != 1:
            raise self._stage.failure(f"create_review ran {len(lines)} times")
        self._teller.done(
            "nothing twice",
            f"{execution.attempt} attempts, and create_review wrote {len(lines)} line",
            *[
                f"{step.key} was recorded by attempt {step.attempt}"
                for step in client.list_steps(execution.execution_id).items
            ],
        )
        events = [output.plain(e) for e in client.iter_execution_events(execution.execution_id)]
        faults = check(events, [Head(execution.event_head.seq, execution.event_head.hash)])
        if faults:
            raise self._stage.failure(f"event {faults[0].seq}: {faults[0].what}")
        self._teller.done("audit", f"{len(events)} events, every hash recomputed")


def example(folder: Path) -> Path:
    """Where the refund agent is: in the repository, else the package's copy, put into `folder`."""
    repository = Path(__file__).parents[4] / "examples" / "refund"
    if (repository / "scripted.py").is_file():
        return repository
    for copy in Path(__file__).with_name("refund").glob("*.py.txt"):
        (folder / copy.name.removesuffix(".txt")).write_bytes(copy.read_bytes())
    return folder


def _who(approval: Approval) -> str:
    who = approval.reviewer
    return "nobody" if who is None else who.name or who.id


def _words(approval: Approval) -> str:
    return f": {approval.feedback}" if approval.feedback else ""
