-- name: insert_idempotency
-- Claims a key for an execution; a key that is taken misses.
INSERT INTO idempotency (principal, operation, key, request_sha256, execution_id, created_at,
    expires_at)
VALUES (:principal, :operation, :key, :request_sha256, :execution_id, :created_at, :expires_at)

-- name: get_idempotency
-- What a key stands for, and whether its execution is finished.
SELECT i.*, e.completed_at FROM idempotency i
JOIN executions e ON e.execution_id = i.execution_id
WHERE i.principal = :principal AND i.operation = :operation AND i.key = :key

-- name: delete_idempotency
-- Frees a key whose time is over, so that it can be claimed again.
DELETE FROM idempotency
WHERE principal = :principal AND operation = :operation AND key = :key
    AND execution_id = :execution_id

-- name: clear_idempotency
-- Frees all keys: for tests.
DELETE FROM idempotency

-- name: delete_old_idempotency
-- Frees the keys whose time is over and whose execution is finished.
DELETE FROM idempotency
WHERE expires_at <= :now AND EXISTS (SELECT 1 FROM executions e
    WHERE e.execution_id = idempotency.execution_id AND e.completed_at IS NOT NULL)
