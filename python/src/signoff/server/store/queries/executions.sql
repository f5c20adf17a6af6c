-- name: insert_execution
-- A new execution, with the head of its event chain.
INSERT INTO executions (execution_id, run_id, parent_execution_id, parent_attempt, call_digest,
    call_occurrence, target, node_id, reasoner, owner, status, input, max_attempts, dispatch_at,
    timeout_ms, webhook_url, webhook_secret, created_at, event_seq, event_hash)
VALUES (:execution_id, :run_id, :parent_execution_id, :parent_attempt, :call_digest,
    :call_occurrence, :target, :node_id, :reasoner, :owner, :status, :input, :max_attempts,
    :dispatch_at, :timeout_ms, :webhook_url, :webhook_secret, :created_at, :event_seq, :event_hash)

-- name: move_execution
-- Every change of an execution that leaves an event: guarded by the head of its chain, and by the
-- states that it may come from. An assignment takes part when its parameter is given.
UPDATE executions SET event_seq = :event_seq, event_hash = :event_hash
--? status: , status = :status
--? status_reason: , status_reason = :status_reason
--? result: , result = :result
--? error: , error = :error
--? error_details: , error_details = :error_details
--? attempt: , attempt = :attempt
--? idle_attempts: , idle_attempts = :idle_attempts
--? lease_instance: , lease_instance = :lease_instance
--? offered_at: , offered_at = :offered_at
--? offered_by: , offered_by = :offered_by
--? claimed_until: , claimed_until = :claimed_until
--? held_for: , held_for = :held_for
--? dispatch_at: , dispatch_at = :dispatch_at
--? pending_own: , pending_own = :pending_own
--? waiting_children: , waiting_children = :waiting_children
--? running_ms: , running_ms = :running_ms
--? running_since: , running_since = :running_since
--? timeout_at: , timeout_at = :timeout_at
--? cancel_requested: , cancel_requested = :cancel_requested
--? started_at: , started_at = :started_at
--? completed_at: , completed_at = :completed_at
--? parent_attempt: , parent_attempt = :parent_attempt
WHERE execution_id = :execution_id AND event_seq = :from_seq
--? sources: AND status IN (:sources)
--? if_attempt: AND attempt = :if_attempt
--? if_leased_by: AND lease_instance = :if_leased_by
--? if_waiting_children: AND waiting_children = :if_waiting_children

-- name: touch_execution
-- Progress of an attempt, which leaves no event: a recorded step, a decision that was taken.
-- The guards keep off what an older attempt sends.
UPDATE executions SET idle_attempts = :idle_attempts
WHERE execution_id = :execution_id
--? sources: AND status IN (:sources)
--? if_attempt: AND attempt = :if_attempt

-- name: repeat_call
-- A later attempt of the parent made the same call again: the child counts as called there.
UPDATE executions SET parent_attempt = :parent_attempt
WHERE execution_id = :execution_id AND parent_attempt = :if_parent_attempt

-- name: get_execution
-- One execution.
SELECT * FROM executions WHERE execution_id = :execution_id

-- name: list_executions
-- One page of executions, newest first.
SELECT * FROM executions WHERE 1 = 1
--? before: AND execution_id < :before
--? status: AND status = :status
--? statuses: AND status IN (:statuses)
--? node_id: AND node_id = :node_id
--? target: AND target = :target
--? run_id: AND run_id = :run_id
--? parent_execution_id: AND parent_execution_id = :parent_execution_id
--? created_after: AND created_at > :created_after
--? created_before: AND created_at < :created_before
ORDER BY execution_id DESC LIMIT :limit

-- name: list_children
-- All direct children of an execution, oldest first.
SELECT * FROM executions WHERE parent_execution_id = :parent_execution_id
--? unfinished: AND completed_at IS NULL
ORDER BY execution_id

-- name: list_unfinished_children
-- The ids of the unfinished direct children of an execution.
SELECT execution_id FROM executions
WHERE parent_execution_id = :parent_execution_id AND completed_at IS NULL

-- name: list_calls_of
-- The direct children of an execution: what was called, by which attempt, and when.
SELECT execution_id, target, call_digest, parent_attempt, created_at, completed_at
FROM executions WHERE parent_execution_id = :parent_execution_id

-- name: list_calls
-- What a parent has called with equal target and input, over all its attempts, oldest first.
SELECT * FROM executions
WHERE parent_execution_id = :parent_execution_id AND target = :target
    AND call_digest = :call_digest
ORDER BY call_occurrence

-- name: list_run_nodes
-- The nodes that take part in a run: what an agent's key may read.
SELECT DISTINCT node_id FROM executions WHERE run_id = :run_id

-- name: hasten_dispatches
-- The clock was set back: what is due later than it can be is due now, whoever has taken it.
UPDATE executions SET dispatch_at = CASE WHEN dispatch_at > :beyond THEN :now ELSE dispatch_at END,
    claimed_until = NULL
WHERE dispatch_at IS NOT NULL AND (dispatch_at > :beyond OR claimed_until > :claimed_beyond)

-- name: drop_claims_of_leases
-- The same of what an instance holds that is not heard any more.
UPDATE executions SET claimed_until = NULL
WHERE lease_instance IS NOT NULL AND claimed_until > :claimed_beyond

-- name: leave_dispatches
-- A server has taken them and sends them to nobody.
UPDATE executions SET claimed_until = NULL
WHERE execution_id IN (:execution_ids) AND dispatch_at IS NOT NULL

-- name: next_dispatch
-- When the next work falls due, if any waits.
SELECT MIN(dispatch_at) AS at FROM executions WHERE dispatch_at > :now

-- name: list_due_timeouts
-- Executions whose running time is over, the oldest first.
SELECT * FROM executions WHERE timeout_at <= :now ORDER BY timeout_at LIMIT :limit

-- name: next_timeout
-- When the next running clock runs out, if one runs.
SELECT MIN(timeout_at) AS at FROM executions WHERE timeout_at IS NOT NULL

-- name: list_leases
-- Executions that an instance holds.
SELECT * FROM executions WHERE node_id = :node_id AND lease_instance = :instance_id
--? after: AND execution_id > :after
ORDER BY execution_id
--? limit: LIMIT :limit

-- name: list_held_attempts
-- Some of what an instance holds.
SELECT execution_id, attempt FROM executions
WHERE node_id = :node_id AND lease_instance = :instance_id ORDER BY execution_id LIMIT :limit

-- name: list_stray_holders
-- Who holds something although nobody waits for its heartbeat: it is away, or forgotten.
SELECT e.node_id, e.instance_id FROM (
    SELECT DISTINCT node_id, lease_instance AS instance_id FROM executions
    WHERE lease_instance IS NOT NULL) e
WHERE NOT EXISTS (SELECT 1 FROM instances i
    WHERE i.node_id = e.node_id AND i.instance_id = e.instance_id AND i.state <> 'away')

-- name: list_lease_attempts
-- What an instance holds, as short as the digest of its heartbeat needs it.
SELECT execution_id, attempt, offered_at FROM executions
WHERE node_id = :node_id AND lease_instance = :instance_id ORDER BY execution_id

-- name: count_leases
-- How many executions each instance holds.
SELECT node_id, lease_instance AS instance_id, COUNT(*) AS held FROM executions
WHERE lease_instance IS NOT NULL
--? node_id: AND node_id = :node_id
GROUP BY node_id, lease_instance

-- name: wait_for_children
-- What an execution waits for has changed, or it is due, but its state is the same: no event. As
-- the head of the chain stays, the count guards itself. Without a count it only guards.
UPDATE executions SET event_seq = :from_seq
--? waiting_children: , waiting_children = :waiting_children
--? dispatch_at: , dispatch_at = :dispatch_at
--? held_for: , held_for = :held_for
WHERE execution_id = :execution_id AND event_seq = :from_seq
    AND waiting_children = :if_waiting_children

-- name: list_event_heads
-- The heads of the chains of some executions.
SELECT execution_id, event_seq, event_hash FROM executions WHERE execution_id IN (:execution_ids)

-- name: count_executions_in
-- How many executions are in each of these states.
SELECT status, COUNT(*) AS held FROM executions WHERE status IN (:states) GROUP BY status

-- name: check_children
-- Touches the unfinished children of an execution and changes nothing: expect none, and a child
-- that was started meanwhile makes the change miss.
UPDATE executions SET parent_execution_id = parent_execution_id
WHERE parent_execution_id = :parent_execution_id AND completed_at IS NULL

-- name: check_ends_of_children
-- Touches an execution if so many of its children have ended and changes nothing. As the end of a
-- child touches its parent too, after the move of the parent no other can come.
UPDATE executions SET event_seq = event_seq WHERE execution_id = :execution_id
    AND (SELECT COUNT(*) FROM executions AS child WHERE child.completed_at IS NOT NULL
        AND child.parent_execution_id = :execution_id) = :if_ended

-- name: check_unfinished
-- Touches these executions as far as they are unfinished and changes nothing: expect all of them,
-- and one that ended meanwhile makes the change miss.
UPDATE executions SET parent_execution_id = parent_execution_id
WHERE execution_id IN (:execution_ids) AND completed_at IS NULL

-- name: check_lease
-- Touches an execution if an instance still holds it and changes nothing.
UPDATE executions SET lease_instance = lease_instance
WHERE execution_id = :execution_id AND lease_instance = :if_leased_by

-- name: list_due_dispatch_ids
-- Executions of a node that are due to be sent to an instance, the longest waiting first.
SELECT execution_id, reasoner FROM executions
WHERE node_id = :node_id AND dispatch_at <= :now AND held_for IS NULL
--? without: AND reasoner NOT IN (:without)
ORDER BY dispatch_at, execution_id LIMIT :limit

-- name: take_offer
-- The agent has answered (offered_by is NULL then), or a server goes on with what another one
-- left behind.
UPDATE executions SET offered_by = :offered_by
WHERE execution_id = :execution_id AND attempt = :attempt AND offered_by = :if_offered_by

-- name: list_left_offers
-- Attempts that were being sent by a server that is gone, the oldest first.
SELECT execution_id, attempt, offered_by FROM executions
WHERE offered_by IS NOT NULL AND offered_by NOT IN (SELECT server_id FROM servers)
ORDER BY offered_at, execution_id LIMIT :limit

-- name: list_offers_of
-- Attempts that a server has claimed to send, and whose agents have not answered yet.
SELECT execution_id, attempt, offered_by FROM executions
WHERE offered_by = :server_id ORDER BY offered_at, execution_id

-- name: any_call_of_attempt
-- Whether an attempt has called somebody: then it runs.
SELECT 1 AS one FROM executions
WHERE parent_execution_id = :execution_id AND parent_attempt = :attempt LIMIT 1

-- name: free_held
-- The agent has become one that has a waiter for each request, whatever its own id.
UPDATE executions SET held_for = NULL
WHERE node_id = :node_id AND held_for IS NOT NULL AND dispatch_at IS NOT NULL

-- name: clear_executions
-- Deletes all executions: for tests.
DELETE FROM executions

-- name: newest_execution
-- When the newest execution was made.
SELECT created_at FROM executions ORDER BY execution_id DESC LIMIT 1

-- name: count_overdue_dispatches
-- By node, how many executions have been due for dispatch since before a time, and since when.
SELECT node_id, COUNT(*) AS held, MIN(dispatch_at) AS since FROM executions
WHERE dispatch_at < :before GROUP BY node_id ORDER BY node_id

-- name: list_runs_over
-- Runs all of whose executions ended before a time, of which nothing is to be sent any more, and
-- for none of which an idempotency key stands, the oldest first. Whatever ended before a time was
-- made before it: so much of the table is read.
SELECT run_id FROM executions AS root
WHERE execution_id < :before_id AND parent_execution_id IS NULL AND completed_at < :before
    AND NOT EXISTS (SELECT 1 FROM executions AS other WHERE other.run_id = root.run_id
        AND (other.completed_at IS NULL OR other.completed_at >= :before))
    AND NOT EXISTS (SELECT 1 FROM executions AS other
        JOIN messages ON messages.execution_id = other.execution_id
        WHERE other.run_id = root.run_id AND messages.next_at IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM executions AS other
        JOIN idempotency ON idempotency.execution_id = other.execution_id
        WHERE other.run_id = root.run_id AND idempotency.expires_at > :now)
ORDER BY execution_id LIMIT :limit

-- name: list_run
-- The executions of a run, parents before children.
SELECT execution_id, completed_at, event_seq, event_hash FROM executions
WHERE run_id = :run_id ORDER BY execution_id

-- name: check_ended
-- Touches an execution if it has ended and nothing was added to its chain, and changes nothing.
UPDATE executions SET event_seq = event_seq
WHERE execution_id = :execution_id AND event_seq = :if_event_seq AND completed_at IS NOT NULL

-- name: delete_run
-- Deletes the executions of a run, after all that refers to them.
DELETE FROM executions WHERE run_id = :run_id
