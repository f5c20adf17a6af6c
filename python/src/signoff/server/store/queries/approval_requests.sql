-- name: insert_approval_request
-- A new request. Standalone ones come with the head of their own event chain.
INSERT INTO approval_requests (id, approval_request_id, occurrence, execution_id, node_id, run_id,
    owner, attempt, seen_attempt, step_key, content_sha256, url, title, description, payload,
    status, callback_url, expires_at, created_at, event_seq, event_hash)
VALUES (:id, :approval_request_id, :occurrence, :execution_id, :node_id, :run_id, :owner, :attempt,
    :attempt, :step_key, :content_sha256, :url, :title, :description, :payload, :status,
    :callback_url, :expires_at, :created_at, :event_seq, :event_hash)

-- name: move_approval_request
-- A request leaves pending, once: by a decision before its end, by its expiry, or withdrawn.
-- The head of the chain takes part for standalone requests.
UPDATE approval_requests SET status = :status, decided_at = :decided_at
--? event_seq: , event_seq = :event_seq
--? event_hash: , event_hash = :event_hash
--? status_reason: , status_reason = :status_reason
--? feedback: , feedback = :feedback
--? response: , response = :response
--? reviewer_id: , reviewer_id = :reviewer_id
--? reviewer_name: , reviewer_name = :reviewer_name
--? reviewer_source: , reviewer_source = :reviewer_source
WHERE id = :id AND status IN (:sources)
--? from_seq: AND event_seq = :from_seq
--? if_open_at: AND expires_at > :if_open_at
--? if_over_at: AND expires_at <= :if_over_at

-- name: extend_approval_request
-- Events of a standalone request that do not move it.
UPDATE approval_requests SET event_seq = :event_seq, event_hash = :event_hash
WHERE id = :id AND event_seq = :from_seq

-- name: see_approval_request
-- A later attempt met a stored request: it counts as asked there, at this place.
-- delivered_at is given when its decision goes with the answer, and None when it is still to come.
UPDATE approval_requests SET seen_attempt = :attempt, delivered_at = :delivered_at
--? step_key: , step_key = :step_key
--? callback_url: , callback_url = :callback_url
WHERE id = :id AND seen_attempt = :if_seen_attempt

-- name: deliver_decision
-- An agent took the decision (any 2xx, or the answer to its own question).
UPDATE approval_requests SET delivered_at = :now
WHERE id = :id AND decided_at IS NOT NULL AND delivered_at IS NULL
--? status: AND status = :status

-- name: get_approval_request
-- One request.
SELECT * FROM approval_requests WHERE id = :id

-- name: list_approval_requests
-- One page of requests, newest first.
SELECT * FROM approval_requests WHERE 1 = 1
--? ids: AND id IN (:ids)
--? before: AND id < :before
--? newest: AND id <= :newest
--? status: AND status = :status
-- (Where something else has narrowed it down, the index of all that have a status is kept out.)
--? of_them: AND status || '' = :of_them
--? pending: AND decided_at IS NULL
--? statuses: AND status IN (:statuses)
--? execution_id: AND execution_id = :execution_id
--? standalone: AND execution_id IS NULL
--? approval_request_id: AND approval_request_id = :approval_request_id
--? node_id: AND node_id = :node_id
--? nodes: AND node_id IN (:nodes)
--? owner: AND owner = :owner
--? reviewer_id: AND reviewer_id = :reviewer_id
-- (The plus keeps the index on decided_at out: of many it would sort all for one page.)
--? decided_after: AND +decided_at >= :decided_after
--? decided_before: AND +decided_at < :decided_before
ORDER BY id DESC LIMIT :limit

-- name: list_decided_ids
-- The ids of requests that were decided in a time, in no order.
SELECT id FROM approval_requests WHERE decided_at IS NOT NULL
--? decided_after: AND decided_at >= :decided_after
--? decided_before: AND decided_at < :decided_before
LIMIT :limit

-- name: recent_decided_id
-- The newest that was decided in a time, if it is among the newest requests of all.
SELECT max(id) AS id FROM (
    SELECT id, decided_at FROM approval_requests ORDER BY id DESC LIMIT :recent) recent
WHERE decided_at < :decided_before
--? decided_after: AND decided_at >= :decided_after

-- name: newest_decided_id
-- The newest of the requests that were decided in a time: a page of them begins there.
-- (Of a plain id the planner would take the last of all and look back from it.)
SELECT max(id || '') AS id FROM approval_requests WHERE decided_at < :decided_before
--? decided_after: AND decided_at >= :decided_after

-- name: list_execution_requests
-- All requests of an execution, oldest first.
SELECT * FROM approval_requests WHERE execution_id = :execution_id
--? pending: AND decided_at IS NULL
ORDER BY id

-- name: list_undelivered
-- Decided requests of an execution whose decision no agent has taken yet.
SELECT * FROM approval_requests
WHERE execution_id = :execution_id AND decided_at IS NOT NULL AND delivered_at IS NULL
ORDER BY id

-- name: list_standalone
-- The standalone requests of one owner under one id of its own, newest first.
SELECT * FROM approval_requests
WHERE owner = :owner AND approval_request_id = :approval_request_id AND execution_id IS NULL
ORDER BY occurrence DESC LIMIT :limit

-- name: list_candidates
-- What a reviewer's system may mean by an own id, newest first.
SELECT id, execution_id, status, node_id FROM approval_requests
WHERE approval_request_id = :approval_request_id
--? execution_id: AND execution_id = :execution_id
--? pending: AND decided_at IS NULL
ORDER BY id DESC LIMIT :limit

-- name: list_due_expiries
-- Pending requests whose time is over, the oldest first.
SELECT * FROM approval_requests
WHERE decided_at IS NULL AND expires_at <= :now
ORDER BY expires_at, id LIMIT :limit

-- name: next_expiry
-- When the next pending request ends, if there is one.
SELECT MIN(expires_at) AS at FROM approval_requests WHERE decided_at IS NULL

-- name: drop_claims_of_expiries
-- The clock was set back: what a server took for longer than any takes it is left to all again.
UPDATE approval_requests SET claimed_until = NULL
WHERE decided_at IS NULL AND claimed_until > :claimed_beyond

-- name: list_approval_states
-- How far some requests are.
SELECT id, status, event_seq FROM approval_requests WHERE id IN (:ids)

-- name: count_pending
-- How many requests wait for a person.
SELECT COUNT(*) AS held FROM approval_requests WHERE decided_at IS NULL
--? execution_id: AND execution_id = :execution_id

-- name: clear_approval_requests
-- Deletes all requests: for tests.
DELETE FROM approval_requests

-- name: delete_approval_requests_of
-- What belongs to executions that are deleted.
DELETE FROM approval_requests WHERE execution_id IN (:execution_ids)
