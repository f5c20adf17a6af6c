-- Times are ms since the epoch (UTC), flags 0 or 1, user JSON the text as it came.
-- A column that is due at some time is NULL when nothing is due, so that its index holds only
-- what waits, and no query needs to write a status word.

CREATE TABLE nodes (
    node_id     TEXT PRIMARY KEY,
    version     TEXT,
    own         BIGINT NOT NULL CHECK (own IN (0, 1)),
    reasoners   TEXT NOT NULL,
    skills      TEXT NOT NULL,
    metadata    TEXT NOT NULL,
    owner       TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL
);

CREATE TABLE instances (
    node_id            TEXT NOT NULL REFERENCES nodes (node_id),
    instance_id        TEXT NOT NULL,
    base_url           TEXT NOT NULL,
    secret             TEXT NOT NULL,
    own                BIGINT NOT NULL CHECK (own IN (0, 1)),
    state              TEXT NOT NULL CHECK (state IN ('live', 'draining', 'away')),
    registered_at      BIGINT NOT NULL,
    last_heartbeat_at  BIGINT NOT NULL,
    drain_ms           BIGINT,
    PRIMARY KEY (node_id, instance_id)
);
CREATE INDEX instances_by_base_url ON instances (base_url);

CREATE TABLE executions (
    execution_id         TEXT PRIMARY KEY,
    run_id               TEXT NOT NULL,
    parent_execution_id  TEXT REFERENCES executions (execution_id),
    parent_attempt       BIGINT,
    call_digest          TEXT,
    call_occurrence      BIGINT,
    target               TEXT NOT NULL,
    node_id              TEXT NOT NULL REFERENCES nodes (node_id),
    reasoner             TEXT NOT NULL,
    owner                TEXT NOT NULL,
    status               TEXT NOT NULL CHECK (status IN
        ('queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled', 'timeout')),
    status_reason        TEXT,
    input                TEXT NOT NULL,
    result               TEXT,
    error                TEXT,
    error_details        TEXT,
    attempt              BIGINT NOT NULL DEFAULT 0 CHECK (attempt >= 0),
    idle_attempts        BIGINT NOT NULL DEFAULT 0 CHECK (idle_attempts >= 0),
    max_attempts         BIGINT NOT NULL CHECK (max_attempts > 0),
    lease_instance       TEXT,
    dispatch_at          BIGINT,
    pending_own          BIGINT NOT NULL DEFAULT 0 CHECK (pending_own >= 0),
    waiting_children     BIGINT NOT NULL DEFAULT 0 CHECK (waiting_children >= 0),
    timeout_ms           BIGINT NOT NULL CHECK (timeout_ms > 0),
    running_ms           BIGINT NOT NULL DEFAULT 0 CHECK (running_ms >= 0),
    running_since        BIGINT,
    timeout_at           BIGINT,
    cancel_requested     BIGINT NOT NULL DEFAULT 0 CHECK (cancel_requested IN (0, 1)),
    webhook_url          TEXT,
    webhook_secret       TEXT,
    created_at           BIGINT NOT NULL,
    started_at           BIGINT,
    completed_at         BIGINT,
    event_seq            BIGINT NOT NULL CHECK (event_seq > 0),
    event_hash           TEXT NOT NULL,
    CHECK ((status IN ('succeeded', 'failed', 'cancelled', 'timeout')) = (completed_at IS NOT NULL)),
    CHECK (status <> 'waiting' OR pending_own + waiting_children > 0),
    CHECK (status = 'waiting' OR completed_at IS NOT NULL OR pending_own + waiting_children = 0),
    CHECK (lease_instance IS NULL OR completed_at IS NULL),
    CHECK (dispatch_at IS NULL OR (lease_instance IS NULL AND completed_at IS NULL)),
    CHECK (running_since IS NULL OR (status = 'running' AND lease_instance IS NOT NULL)),
    CHECK ((running_since IS NULL) = (timeout_at IS NULL)),
    CHECK (parent_execution_id IS NULL OR (parent_attempt IS NOT NULL
        AND call_digest IS NOT NULL AND call_occurrence IS NOT NULL))
);
CREATE INDEX executions_by_status ON executions (status, execution_id);
CREATE INDEX executions_by_run ON executions (run_id, execution_id);
CREATE INDEX executions_by_node ON executions (node_id, execution_id);
CREATE UNIQUE INDEX executions_by_call
    ON executions (parent_execution_id, target, call_digest, call_occurrence)
    WHERE parent_execution_id IS NOT NULL;
CREATE INDEX executions_due_for_dispatch ON executions (node_id, dispatch_at)
    WHERE dispatch_at IS NOT NULL;
CREATE INDEX executions_due_for_timeout ON executions (timeout_at) WHERE timeout_at IS NOT NULL;
CREATE INDEX executions_leased ON executions (node_id, lease_instance, execution_id)
    WHERE lease_instance IS NOT NULL;

-- Requests of an execution have its chain; only standalone ones have a head of their own.
-- decided_at: when it stopped being pending, by whatever way.
-- seen_attempt: the last attempt that asked for it; delivered_at: when an agent took its decision.
CREATE TABLE approval_requests (
    id                   TEXT PRIMARY KEY,
    approval_request_id  TEXT NOT NULL,
    occurrence           BIGINT NOT NULL CHECK (occurrence > 0),
    execution_id         TEXT REFERENCES executions (execution_id),
    node_id              TEXT,
    run_id               TEXT,
    owner                TEXT NOT NULL,
    attempt              BIGINT,
    seen_attempt         BIGINT,
    step_key             TEXT,
    content_sha256       TEXT NOT NULL,
    url                  TEXT,
    title                TEXT,
    description          TEXT,
    payload              TEXT,
    status               TEXT NOT NULL CHECK (status IN
        ('pending', 'approved', 'rejected', 'request_changes', 'expired', 'cancelled')),
    status_reason        TEXT,
    feedback             TEXT,
    response             TEXT,
    reviewer_id          TEXT,
    reviewer_name        TEXT,
    reviewer_source      TEXT,
    callback_url         TEXT,
    expires_at           BIGINT NOT NULL,
    created_at           BIGINT NOT NULL,
    decided_at           BIGINT,
    delivered_at         BIGINT,
    event_seq            BIGINT CHECK (event_seq > 0),
    event_hash           TEXT,
    CHECK ((status = 'pending') = (decided_at IS NULL)),
    CHECK (delivered_at IS NULL OR decided_at IS NOT NULL),
    CHECK ((execution_id IS NULL) = (event_seq IS NOT NULL)),
    CHECK ((event_seq IS NULL) = (event_hash IS NULL)),
    CHECK ((execution_id IS NULL) = (attempt IS NULL)),
    CHECK ((execution_id IS NULL) = (seen_attempt IS NULL))
);
CREATE UNIQUE INDEX approval_requests_by_execution
    ON approval_requests (execution_id, approval_request_id, occurrence)
    WHERE execution_id IS NOT NULL;
CREATE UNIQUE INDEX approval_requests_standalone
    ON approval_requests (owner, approval_request_id, occurrence) WHERE execution_id IS NULL;
CREATE INDEX approval_requests_by_status ON approval_requests (status, id);
CREATE INDEX approval_requests_by_own_id ON approval_requests (approval_request_id, id);
CREATE INDEX approval_requests_by_node ON approval_requests (node_id, id) WHERE node_id IS NOT NULL;
CREATE INDEX approval_requests_by_reviewer ON approval_requests (reviewer_id, id)
    WHERE reviewer_id IS NOT NULL;
CREATE INDEX approval_requests_due ON approval_requests (expires_at) WHERE decided_at IS NULL;

CREATE TABLE steps (
    execution_id  TEXT NOT NULL REFERENCES executions (execution_id),
    key           TEXT NOT NULL,
    kind          TEXT NOT NULL,
    name          TEXT NOT NULL,
    input_sha256  TEXT NOT NULL,
    result        TEXT,
    error         TEXT,
    attempt       BIGINT NOT NULL,
    at            BIGINT NOT NULL,
    PRIMARY KEY (execution_id, key)
);

-- data: canonical JSON, what the hash covers; content: the user's own JSON, whose digest is in data.
-- event_key: the agent's own word for what it must not append twice.
CREATE TABLE events (
    chain_id      TEXT NOT NULL,
    seq           BIGINT NOT NULL CHECK (seq > 0),
    type          TEXT NOT NULL,
    execution_id  TEXT,
    approval_id   TEXT,
    at            BIGINT NOT NULL,
    actor_id      TEXT NOT NULL,
    actor_name    TEXT,
    actor_source  TEXT NOT NULL,
    data          TEXT NOT NULL,
    content       TEXT,
    event_key     TEXT,
    prev_hash     TEXT NOT NULL,
    hash          TEXT NOT NULL,
    PRIMARY KEY (chain_id, seq)
);
CREATE UNIQUE INDEX events_by_key ON events (chain_id, event_key) WHERE event_key IS NOT NULL;

-- The outbox: every message is written with the fact that it tells.
CREATE TABLE messages (
    id            TEXT PRIMARY KEY,
    kind          TEXT NOT NULL,
    url           TEXT NOT NULL,
    execution_id  TEXT,
    approval_id   TEXT,
    node_id       TEXT,
    instance_id   TEXT,
    body          TEXT NOT NULL,
    secret_ref    TEXT,
    state         TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'dead', 'dropped')),
    attempts      BIGINT NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    next_at       BIGINT,
    created_at    BIGINT NOT NULL,
    delivered_at  BIGINT,
    last_status   BIGINT,
    last_error    TEXT,
    resolved      BIGINT CHECK (resolved IN (0, 1)),
    CHECK ((state = 'pending') = (next_at IS NOT NULL)),
    CHECK ((state = 'delivered') = (delivered_at IS NOT NULL))
);
CREATE INDEX messages_due ON messages (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX messages_by_instance ON messages (node_id, instance_id) WHERE next_at IS NOT NULL;
CREATE INDEX messages_by_execution ON messages (execution_id) WHERE next_at IS NOT NULL;
CREATE INDEX messages_by_state ON messages (state, id);

CREATE TABLE idempotency (
    principal       TEXT NOT NULL,
    operation       TEXT NOT NULL,
    key             TEXT NOT NULL,
    request_sha256  TEXT NOT NULL,
    execution_id    TEXT NOT NULL REFERENCES executions (execution_id),
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    PRIMARY KEY (principal, operation, key)
);
CREATE INDEX idempotency_by_end ON idempotency (expires_at);

CREATE TABLE webhook_receipts (
    webhook_id   TEXT PRIMARY KEY,
    body_sha256  TEXT NOT NULL,
    status_code  BIGINT NOT NULL,
    answer       TEXT NOT NULL,
    at           BIGINT NOT NULL
);
CREATE INDEX webhook_receipts_by_time ON webhook_receipts (at);

CREATE TABLE keys (
    key_id        TEXT PRIMARY KEY,
    name          TEXT NOT NULL,
    role          TEXT NOT NULL CHECK (role IN ('agent', 'client', 'reviewer', 'admin')),
    nodes         TEXT NOT NULL,
    hash          TEXT NOT NULL UNIQUE,
    created_at    BIGINT NOT NULL,
    revoked_at    BIGINT,
    last_used_at  BIGINT
);

-- What the server itself must remember over a restart, such as when it last gave leases grace.
CREATE TABLE facts (
    name   TEXT PRIMARY KEY,
    value  TEXT NOT NULL
);
