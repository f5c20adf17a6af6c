-- name: insert_event
-- Appends one event to a chain; a number that is taken misses.
INSERT INTO events (chain_id, seq, type, execution_id, approval_id, at, actor_id, actor_name,
    actor_source, data, content, prev_hash, hash)
VALUES (:chain_id, :seq, :type, :execution_id, :approval_id, :at, :actor_id, :actor_name,
    :actor_source, :data, :content, :prev_hash, :hash)

-- name: list_events
-- Events of a chain after a number, in order.
SELECT * FROM events WHERE chain_id = :chain_id AND seq > :after
--? approval_id: AND approval_id = :approval_id
ORDER BY seq LIMIT :limit

-- name: list_events_before
-- One page of the events of a chain, newest first.
SELECT * FROM events WHERE chain_id = :chain_id
--? before: AND seq < :before
--? approval_id: AND approval_id = :approval_id
ORDER BY seq DESC LIMIT :limit

-- name: get_event
-- One event.
SELECT * FROM events WHERE chain_id = :chain_id AND seq = :seq
