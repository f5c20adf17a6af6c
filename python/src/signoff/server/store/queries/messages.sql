-- name: insert_message
-- Puts a message into the outbox, due at next_at.
INSERT INTO messages (id, kind, url, execution_id, approval_id, node_id, instance_id, body,
    secret_ref, state, next_at, created_at)
VALUES (:id, :kind, :url, :execution_id, :approval_id, :node_id, :instance_id, :body, :secret_ref,
    :state, :next_at, :created_at)

-- name: get_message
-- One message.
SELECT * FROM messages WHERE id = :id

-- name: list_messages
-- One page of the outbox, newest first.
SELECT * FROM messages WHERE 1 = 1
--? before: AND id < :before
--? state: AND state = :state
--? kind: AND kind = :kind
--? execution_id: AND execution_id = :execution_id
--? approval_id: AND approval_id = :approval_id
ORDER BY id DESC LIMIT :limit

-- name: next_message
-- When the next message that is not due yet falls due, if there is one.
SELECT MIN(next_at) AS at FROM messages WHERE next_at > :now

-- name: move_message
-- A message was delivered, given up, dropped, put off or taken up again: guarded by where it came
-- from and by the number of its attempts.
UPDATE messages SET state = :state, next_at = :next_at, claimed_until = NULL
--? attempts: , attempts = :attempts
--? delivered_at: , delivered_at = :delivered_at
--? last_status: , last_status = :last_status
--? last_error: , last_error = :last_error
--? resolved: , resolved = :resolved
WHERE id = :id AND state IN (:sources)
--? if_attempts: AND attempts = :if_attempts

-- name: hasten_messages
-- The heartbeat of an instance is back: what waits for it is due at once.
UPDATE messages SET next_at = :now
WHERE node_id = :node_id AND instance_id = :instance_id AND next_at > :now

-- name: hasten_all_messages
-- The clock was set back: what is due later than it can be is due now, whoever has taken it.
UPDATE messages SET next_at = CASE WHEN next_at > :beyond THEN :now ELSE next_at END,
    claimed_until = NULL
WHERE next_at IS NOT NULL AND (next_at > :beyond OR claimed_until > :claimed_beyond)

-- name: drop_messages
-- What is still to be sent for an execution is not sent any more.
UPDATE messages SET state = :state, next_at = NULL
WHERE execution_id = :execution_id AND next_at IS NOT NULL
--? kinds: AND kind IN (:kinds)
--? instance_id: AND instance_id = :instance_id
--? approval_id: AND approval_id = :approval_id

-- name: list_due_message_ids
-- Where messages go that are due, the oldest first, from a place in that order on.
SELECT id, url, next_at FROM messages
WHERE next_at <= :now AND (next_at, id) > (:after_at, :after_id)
ORDER BY next_at, id LIMIT :limit

-- name: clear_messages
-- Empties the outbox: for tests.
DELETE FROM messages

-- name: count_old_messages
-- How many messages have waited for their delivery since before a time, and since when.
SELECT COUNT(*) AS held, MIN(created_at) AS since FROM messages
WHERE next_at IS NOT NULL AND created_at < :before

-- name: count_dead_messages
-- How many messages were given up.
SELECT COUNT(*) AS held FROM messages WHERE state = 'dead'

-- name: list_messages_left
-- Old messages, not waiting for anything, of executions that were deleted.
SELECT id FROM messages
WHERE id < :before_id AND next_at IS NULL AND execution_id IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM executions
        WHERE executions.execution_id = messages.execution_id)
ORDER BY id LIMIT :limit

-- name: delete_messages
-- Deletes messages of the outbox.
DELETE FROM messages WHERE id IN (:ids)
