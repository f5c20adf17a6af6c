"""What the oracle says, sentence by sentence of the contract."""

import pytest

from signoff_conformance.contract import Contract
from signoff_conformance.oracle.answers import Request
from signoff_conformance.oracle.world import Oracle
from signoff_conformance.walk.registering import REGISTRATION
from signoff_conformance.walk.server import START
from signoff_conformance.walk.walking import callers

CONTRACT = Contract.load()
MINUTE = 60_000


class World:
    """An oracle, asked in few words."""

    def __init__(self):
        self.oracle = Oracle(CONTRACT, callers())
        self.now = START
        self._label = 0
        self.ask("registerNode", body=REGISTRATION.body, key="agent")

    def ask(self, operation, path=None, body=None, key="admin", **more):
        self._label += 1
        members = {"body": body} if body is not None else {}
        request = Request(operation, path or {}, key=key, **members, **more)
        return self.oracle.answer(str(self._label), request, self.now)

    def pass_time(self, ms):
        self.now += ms
        self._label += 1
        self.oracle.pass_time(str(self._label), self.now)

    def pass_leases(self, ms):
        self._label += 1
        self.oracle.pass_leases(str(self._label), ms, self.now)

    def execute(self, parent=None, **body):
        headers = {} if parent is None else {"X-Parent-Execution-ID": parent.attempt_id}
        path = {"target": "conf-agent.work"}
        told = self.ask("executeAsync", path, body, headers=headers)
        return self.oracle.executions[told.body["execution_id"]]

    def gate(self, one, status=200, **body):
        path = {"node_id": "conf-agent", "execution_id": one.attempt_id}
        body = {"approval_request_id": "gate", **body}
        told = self.ask("requestExecutionApproval", path, body)
        assert told.status == status, told
        return self.oracle.approvals.all[told.body["id"]] if status == 200 else told

    def decide(self, one, decision="approved"):
        return self.ask("decideApprovalRequest", {"id": one.id}, {"decision": decision})

    def report(self, one, status, **body):
        path = {"execution_id": one.attempt_id}
        return self.ask("reportExecutionStatus", path, {"status": status, **body})


@pytest.fixture
def world():
    return World()


def types(one):
    return [event["type"].rpartition(".")[2] for event in one.chain.events]


def test_a_rejection_takes_the_execution_back_to_running(world):
    one = world.execute()
    gate = world.gate(one)
    assert one.status == "waiting"
    world.pass_time(5_000)
    world.decide(gate, "rejected")
    shown = one.shown(world.now + 100)
    assert (shown["status"], shown["running_ms"]) == ("running", 100)


def test_the_first_decision_wins_before_its_time_is_over(world):
    body = {"approval_request_id": "gate", "expires_in_hours": 0.001}
    world.ask("createApprovalRequest", body=body, key="client")
    (one,) = world.oracle.approvals.all.values()
    world.pass_time(3_599)
    assert one.pending
    world.pass_time(1)
    told = world.decide(one)
    assert (told.status, told.code) == (409, "already_decided")


def test_ancestors_wait_while_somebody_below_them_does(world):
    top = world.execute(timeout_seconds=1)
    middle = world.execute(top)
    gate = world.gate(world.execute(middle))
    world.pass_time(MINUTE)  # nobody's clock runs
    assert [one.status for one in world.oracle.executions.values()] == ["waiting"] * 3
    world.report(middle, "succeeded")
    assert top.status == "waiting"
    world.decide(gate)
    assert top.status == "running"
    world.pass_time(1_000)
    assert top.status == "timeout"


def test_a_lease_that_ends_begins_the_next_attempt_and_fences_the_old(world):
    one = world.execute()
    world.pass_leases(29_999)
    assert one.attempt == 1
    world.pass_leases(1)
    assert (one.status, one.attempt) == ("queued", 1)
    world.ask("heartbeatNode", {"node_id": "conf-agent"}, {})
    assert (one.status, one.attempt) == ("running", 2)
    path = {"execution_id": one.id}
    told = world.ask("reportExecutionStatus", path, {"status": "succeeded"})
    assert (told.status, told.code) == (409, "stale_attempt")


def test_a_later_attempt_meets_what_was_decided(world):
    one = world.execute()
    gate = world.gate(one, title="A")
    world.decide(gate)
    world.report(one, "cancelled")
    assert one.attempt == 2
    assert world.gate(one, title="B", status=409).code == "request_conflict"
    assert world.gate(one, title="A") is gate
    assert types(one)[-1] == "replayed"
    assert world.gate(one, title="A") is not gate  # a loop over the gate asks again


def test_a_released_run_goes_out_with_its_next_decision(world):
    one = world.execute()
    gate = world.gate(one)
    world.report(one, "waiting")
    assert (one.lease, one.due_at) == (None, None)
    world.decide(gate)
    assert (one.status, one.attempt) == ("running", 2)
    world.report(one, "waiting")  # it waits for nothing: out again at once
    assert one.attempt == 3


def test_attempts_that_come_to_nothing_wait_longer_each_time(world):
    one = world.execute()
    for attempt, pause in ((1, 0), (2, 1_000), (3, 2_000), (4, 4_000)):
        assert (one.status, one.attempt) == ("running", attempt)
        world.report(one, "cancelled")
        if pause:
            world.pass_time(pause - 1)
            assert (one.status, one.attempt) == ("queued", attempt)
            world.pass_time(1)


def test_attempts_that_come_to_nothing_are_counted(world):
    one = world.execute(max_attempts=2)
    world.report(one, "cancelled")
    path = {"execution_id": one.attempt_id, "step_key": "step.a.1"}
    step = {"kind": "step", "name": "a", "input_sha256": "0" * 64}
    world.ask("recordStep", path, step)
    for _ in range(3):
        assert one.status == "running"
        world.report(one, "cancelled")
    assert (one.status, one.reason, one.attempt) == ("failed", "attempts_exhausted", 4)


def test_cancelling_takes_what_is_below_along(world):
    top = world.execute()
    child = world.execute(top)
    gate = world.gate(child)
    world.ask("cancelExecution", {"execution_id": top.id})
    assert (top.status, child.status, gate.status) == ("cancelled", "cancelled", "cancelled")
    kinds = [one.kind for one in world.oracle.deliveries.all.values()]
    assert kinds == ["approval.requested", *["cancelAgentExecution"] * 2, "approval.cancelled"]


def test_a_call_of_a_later_attempt_is_the_first_child(world):
    top = world.execute()
    first = world.execute(top)
    assert world.execute(top) is not first
    world.report(top, "cancelled")
    assert world.execute(top) is first


def test_an_instance_that_lacks_a_run_in_two_lists_loses_it(world):
    one = world.execute()
    empty = {
        "count": 0,
        "digest": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    }
    told = world.ask("heartbeatNode", {"node_id": "conf-agent"}, {"in_hand": empty})
    assert told.body["resync"]
    for attempt in (1, 2):
        listed = {**empty, "executions": []}
        world.ask("heartbeatNode", {"node_id": "conf-agent"}, {"in_hand": listed})
        assert one.attempt == attempt


def test_who_is_replaced_after_a_silence_loses_its_runs_at_once(world):
    one = world.execute()
    world.pass_leases(3_000)
    assert one.attempt == 1
    world.ask("registerNode", body={**REGISTRATION.body, "instance_id": "two"})
    assert (one.attempt, one.lease.id) == (2, "two")


def test_at_one_place_the_url_is_no_other_content(world):
    one = world.execute()
    url = "https://review.example.com/1"
    gate = world.gate(one, title="A", approval_request_url=url, step_key="pause.1")
    assert world.gate(one, title="A", step_key="pause.1") is gate
    told = world.gate(one, title="B", step_key="pause.1", status=409)
    assert told.places == {("body", "/title")}


def test_a_default_that_is_written_out_is_no_other_body(world):
    path, headers = {"target": "conf-agent.work"}, {"Idempotency-Key": "order-1"}
    first = world.ask("executeAsync", path, {}, headers=headers)
    for name, default in (("timeout_seconds", 7200), ("max_attempts", 10), ("input", {})):
        again = world.ask("executeAsync", path, {name: default}, headers=headers)
        assert again.location == first.location
    other = world.ask("executeAsync", path, {"timeout_seconds": 7201}, headers=headers)
    assert other.code == "idempotency_conflict"


def test_what_a_message_was_answered_is_known_for_a_day():
    world = World()
    told = world.ask("createApprovalRequest", body={"approval_request_id": "gate"})
    body = {"requestId": told.body["id"], "decision": "approved"}
    statuses = []
    for ms in (0, 24 * 60 * MINUTE - 1, 1):
        world.pass_time(ms)
        more = {"signed": "timestamped", "message_id": "msg"}
        statuses.append(world.ask("receiveApprovalResponse", body=body, **more).body["status"])
    assert statuses == ["processed", "processed", "already_processed"]
