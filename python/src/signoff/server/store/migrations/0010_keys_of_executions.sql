-- Whether a key still stands for an execution is looked at before old runs are deleted, and by the
-- database whenever one is: for each of them, all keys of the last day were.
CREATE INDEX idempotency_by_execution ON idempotency (execution_id);
