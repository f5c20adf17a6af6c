-- name: put_node
-- Registers a node, or replaces what an earlier registration said; its owner and birth stay.
INSERT INTO nodes (node_id, version, own, reasoners, skills, metadata, owner, created_at, updated_at)
VALUES (:node_id, :version, :own, :reasoners, :skills, :metadata, :owner, :now, :now)
ON CONFLICT (node_id) DO UPDATE SET
    version = excluded.version, own = excluded.own, reasoners = excluded.reasoners,
    skills = excluded.skills, metadata = excluded.metadata, updated_at = excluded.updated_at

-- name: get_node
-- One node.
SELECT * FROM nodes WHERE node_id = :node_id

-- name: list_nodes
-- One page of nodes, newest first; their ids alone do not sort by age.
SELECT * FROM nodes WHERE 1 = 1
--? before_at: AND (created_at < :before_at
--? before_at:     OR (created_at = :before_at AND node_id < :before_id))
ORDER BY created_at DESC, node_id DESC LIMIT :limit

-- name: put_instance
-- Registers an instance; the same one again gets its new address and state, and keeps its secret.
-- The change has written its node first: registrations of one node come one after the other.
INSERT INTO instances (node_id, instance_id, base_url, secret, own, state, registered_at,
    last_heartbeat_at, drain_ms, offers, registration)
VALUES (:node_id, :instance_id, :base_url, :secret, :own, :state, :now, :now, NULL, :offers,
    (SELECT COALESCE(MAX(registration), 0) + 1 FROM instances WHERE node_id = :node_id))
ON CONFLICT (node_id, instance_id) DO UPDATE SET
    base_url = excluded.base_url, own = excluded.own, state = excluded.state,
    registered_at = excluded.registered_at, last_heartbeat_at = excluded.last_heartbeat_at,
    drain_ms = NULL, draining_since = NULL, offers = excluded.offers,
    registration = excluded.registration

-- name: get_instance
-- One instance of a node.
SELECT * FROM instances WHERE node_id = :node_id AND instance_id = :instance_id

-- name: list_instances
-- Instances, those of a node that registered last first.
SELECT * FROM instances WHERE 1 = 1
--? node_id: AND node_id = :node_id
--? base_url: AND base_url = :base_url
--? states: AND state IN (:states)
ORDER BY registration DESC, registered_at DESC, instance_id DESC

-- name: update_instance
-- What a heartbeat or a shutdown changes; the state only where it is still :was, if that is given.
UPDATE instances SET last_heartbeat_at = :last_heartbeat_at
--? state: , state = CASE WHEN state = COALESCE(:was, state) THEN :state ELSE state END
--? drain_ms: , drain_ms = :drain_ms
--? draining_since: , draining_since = :draining_since
WHERE node_id = :node_id AND instance_id = :instance_id

-- name: leave_instance
-- It was not heard in time, and holds nothing any more. Should it come back, it drains no more.
UPDATE instances SET state = :state, drain_ms = NULL, draining_since = NULL
WHERE node_id = :node_id AND instance_id = :instance_id
    AND last_heartbeat_at = :if_last_heartbeat_at
    AND NOT EXISTS (SELECT 1 FROM executions e
        WHERE e.node_id = :node_id AND e.lease_instance = :instance_id)

-- name: any_old_instances
-- Whether there are instances that were away for long.
SELECT 1 AS one FROM instances WHERE state = :state AND last_heartbeat_at <= :before LIMIT 1

-- name: delete_old_instances
-- Forgets some of them. They hold nothing, or they would not be away.
DELETE FROM instances WHERE (node_id, instance_id) IN (
    SELECT node_id, instance_id FROM instances
    WHERE state = :state AND last_heartbeat_at <= :before LIMIT :limit)

-- name: put_in_hand_page
-- A page of a list of what an instance has in hand; the same page again says the same.
INSERT INTO in_hand_pages (node_id, instance_id, digest, page, executions)
VALUES (:node_id, :instance_id, :digest, :page, :executions)
ON CONFLICT (node_id, instance_id, digest, page) DO UPDATE SET executions = excluded.executions

-- name: count_in_hand_pages
-- How many pages of a list there are.
SELECT COUNT(*) AS held FROM in_hand_pages
WHERE node_id = :node_id AND instance_id = :instance_id AND digest = :digest

-- name: list_in_hand_pages
-- The pages of a list.
SELECT executions FROM in_hand_pages
WHERE node_id = :node_id AND instance_id = :instance_id AND digest = :digest ORDER BY page

-- name: delete_in_hand_pages
-- Forgets the lists of an instance, or all but one.
DELETE FROM in_hand_pages WHERE node_id = :node_id AND instance_id = :instance_id
--? but: AND digest <> :but

-- name: delete_old_in_hand_pages
-- Forgets lists of instances that are forgotten.
DELETE FROM in_hand_pages WHERE NOT EXISTS (SELECT 1 FROM instances i
    WHERE i.node_id = in_hand_pages.node_id AND i.instance_id = in_hand_pages.instance_id)

-- name: clear_in_hand_pages
-- Deletes all lists: for tests.
DELETE FROM in_hand_pages

-- name: clear_instances
-- Deletes all instances: for tests.
DELETE FROM instances

-- name: clear_nodes
-- Deletes all nodes: for tests.
DELETE FROM nodes
