-- name: put_waiter
-- An own id is waited for in a process; one that is taken misses.
INSERT INTO waiters (node_id, instance_id, approval_request_id, execution_id)
VALUES (:node_id, :instance_id, :approval_request_id, :execution_id)

-- name: get_waiter
-- Which execution waits for an own id in a process.
SELECT execution_id FROM waiters
WHERE node_id = :node_id AND instance_id = :instance_id
    AND approval_request_id = :approval_request_id

-- name: list_waiters
-- In which processes of a node an own id is waited for.
SELECT instance_id FROM waiters
WHERE node_id = :node_id AND approval_request_id = :approval_request_id

-- name: delete_waiters
-- An execution waits for nothing there any more.
DELETE FROM waiters WHERE execution_id = :execution_id

-- name: delete_answered_waiter
-- A process has heard the answer to a request, unless it has asked under the same id again.
DELETE FROM waiters
WHERE execution_id = :execution_id
    AND approval_request_id = (SELECT r.approval_request_id FROM approval_requests r
        WHERE r.id = :approval_id)
    AND NOT EXISTS (SELECT 1 FROM approval_requests a
        WHERE a.execution_id = :execution_id
            AND a.approval_request_id = waiters.approval_request_id
            AND a.delivered_at IS NULL AND a.id <> :approval_id)

-- name: list_due_held
-- Of the due executions that need an own id: for each id the one that was first.
SELECT e.execution_id, e.held_for, e.reasoner FROM (
    SELECT MIN(execution_id) AS execution_id FROM executions
    WHERE node_id = :node_id AND held_for IS NOT NULL AND dispatch_at IS NOT NULL
-- (The plus keeps the index on dispatch_at out: most that is due at a node needs no id.)
        AND +dispatch_at <= :now
    GROUP BY held_for ORDER BY MIN(execution_id) LIMIT :limit) first
JOIN executions e ON e.execution_id = first.execution_id ORDER BY e.execution_id

-- name: delete_old_waiters
-- Forgets who waited in processes that are forgotten.
DELETE FROM waiters WHERE NOT EXISTS (SELECT 1 FROM instances i
    WHERE i.node_id = waiters.node_id AND i.instance_id = waiters.instance_id)

-- name: clear_waiters
-- Nobody waits for any own id: for tests.
DELETE FROM waiters

-- name: delete_waiters_of
-- What belongs to executions that are deleted.
DELETE FROM waiters WHERE execution_id IN (:execution_ids)
