-- name: insert_event
-- Appends one event to a chain; a number that is taken misses.
INSERT INTO events (chain_id, seq, type, execution_id, approval_id, at, actor_id, actor_name,
    actor_source, data, content, event_key, prev_hash, hash)
VALUES (:chain_id, :seq, :type, :execution_id, :approval_id, :at, :actor_id, :actor_name,
    :actor_source, :data, :content, :event_key, :prev_hash, :hash)

-- name: list_events
-- Events of a chain after a number, in order.
SELECT * FROM events WHERE chain_id = :chain_id AND seq > :after
--? approval_id: AND approval_id = :approval_id
ORDER BY seq LIMIT :limit

-- name: get_event_by_key
-- The event that an agent appended under its own key.
SELECT * FROM events WHERE chain_id = :chain_id AND event_key = :event_key

-- name: clear_events
-- Deletes all events: for tests. Nothing in the API can.
DELETE FROM events

-- name: delete_events_of
-- The chains of executions that are deleted; they were exported before.
DELETE FROM events WHERE chain_id IN (:execution_ids)
