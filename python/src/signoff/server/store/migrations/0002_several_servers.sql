-- What several servers on one database share, and what one leaves to the next that starts.

-- Who serves this database: each says so every few seconds.
CREATE TABLE servers (
    server_id   TEXT PRIMARY KEY,
    started_at  BIGINT NOT NULL,
    seen_at     BIGINT NOT NULL
);

-- offered_at: when the attempt was claimed to be sent. offered_by: the server that sends it to an
-- agent that can't say what it has in hand, until the agent has answered.
-- claimed_until: for so long one server has taken it upon itself to do what is due.
-- held_for: the own id that was in use when it asked; it is dispatched where that id is free.
ALTER TABLE executions ADD COLUMN offered_at BIGINT;
ALTER TABLE executions ADD COLUMN offered_by TEXT;
ALTER TABLE executions ADD COLUMN claimed_until BIGINT;
ALTER TABLE executions ADD COLUMN held_for TEXT;
CREATE INDEX executions_offered ON executions (offered_by) WHERE offered_by IS NOT NULL;
CREATE INDEX executions_held ON executions (node_id, held_for) WHERE held_for IS NOT NULL;

ALTER TABLE approval_requests ADD COLUMN claimed_until BIGINT;
ALTER TABLE messages ADD COLUMN claimed_until BIGINT;

ALTER TABLE instances ADD COLUMN draining_since BIGINT;

-- Which own ids are waited for in which process of an agent that has one waiter for each.
CREATE TABLE waiters (
    node_id              TEXT NOT NULL,
    instance_id          TEXT NOT NULL,
    approval_request_id  TEXT NOT NULL,
    execution_id         TEXT NOT NULL REFERENCES executions (execution_id),
    PRIMARY KEY (node_id, instance_id, approval_request_id)
);
CREATE INDEX waiters_by_execution ON waiters (execution_id);
