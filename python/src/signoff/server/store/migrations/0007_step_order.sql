-- Steps are listed in the order in which they were recorded, which no clock tells: seq is that of
-- the event of the step. Those that are there are counted, which never is more than there are events.
-- A server of the version before, that goes on beside this, writes 0.
ALTER TABLE steps ADD COLUMN seq BIGINT NOT NULL DEFAULT 0;
UPDATE steps SET seq = (
    SELECT COUNT(*) FROM steps AS other
    WHERE other.execution_id = steps.execution_id
        AND (other.at < steps.at OR (other.at = steps.at AND other.key <= steps.key)));
CREATE INDEX steps_in_order ON steps (execution_id, seq);
