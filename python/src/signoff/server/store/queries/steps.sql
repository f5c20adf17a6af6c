-- name: insert_step
-- Records a step. First write wins: the same key again touches no row and misses.
INSERT INTO steps (execution_id, key, kind, name, input_sha256, result, error, attempt, at)
VALUES (:execution_id, :key, :kind, :name, :input_sha256, :result, :error, :attempt, :at)
ON CONFLICT (execution_id, key) DO NOTHING

-- name: get_step
-- One recorded step.
SELECT * FROM steps WHERE execution_id = :execution_id AND key = :key

-- name: list_steps
-- One page of the steps of an execution by key, last first.
SELECT * FROM steps WHERE execution_id = :execution_id
--? before: AND key < :before
--? kind: AND kind = :kind
ORDER BY key DESC LIMIT :limit

-- name: list_all_steps
-- All steps of an execution in the order in which they were recorded.
SELECT * FROM steps WHERE execution_id = :execution_id ORDER BY at, key
