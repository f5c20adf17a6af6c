-- name: insert_step
-- Records a step. First write wins: the same key again touches no row and misses.
INSERT INTO steps (execution_id, key, seq, kind, name, input_sha256, result, error, attempt, at)
VALUES (:execution_id, :key, :seq, :kind, :name, :input_sha256, :result, :error, :attempt, :at)
ON CONFLICT DO NOTHING

-- name: get_step
-- One recorded step.
SELECT * FROM steps WHERE execution_id = :execution_id AND key = :key

-- name: list_steps
-- One page of the steps of an execution in the order in which they were recorded, after the step
-- that the cursor names.
SELECT * FROM steps WHERE execution_id = :execution_id
--? after: AND seq > :after
ORDER BY seq LIMIT :limit

-- name: list_recorded_calls
-- What an execution has recorded of its calls: of what, and with which input.
SELECT name, input_sha256 FROM steps WHERE execution_id = :execution_id AND kind = :kind

-- name: clear_steps
-- Deletes all steps: for tests.
DELETE FROM steps

-- name: delete_steps_of
-- What belongs to executions that are deleted.
DELETE FROM steps WHERE execution_id IN (:execution_ids)
