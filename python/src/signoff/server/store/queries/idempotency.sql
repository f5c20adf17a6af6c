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

-- name: any_old_idempotency
-- Whether there are keys whose time is over and whose execution is finished.
SELECT 1 AS one FROM idempotency i JOIN executions e ON e.execution_id = i.execution_id
WHERE i.expires_at <= :now AND e.completed_at IS NOT NULL LIMIT 1

-- name: delete_old_idempotency
-- Frees some of them.
DELETE FROM idempotency WHERE (principal, operation, key) IN (
    SELECT i.principal, i.operation, i.key FROM idempotency i
    JOIN executions e ON e.execution_id = i.execution_id
    WHERE i.expires_at <= :now AND e.completed_at IS NOT NULL LIMIT :limit)

-- name: delete_idempotency_of
-- What belongs to executions that are deleted.
DELETE FROM idempotency WHERE execution_id IN (:execution_ids)
