-- name: put_server
-- A server of this database is there.
INSERT INTO servers (server_id, started_at, seen_at) VALUES (:server_id, :now, :now)
ON CONFLICT (server_id) DO UPDATE SET seen_at = excluded.seen_at

-- name: list_servers
-- Who serves this database, or did until a moment ago.
SELECT * FROM servers ORDER BY server_id

-- name: delete_server
-- A server has stopped, or was not heard of since.
DELETE FROM servers WHERE server_id = :server_id
--? if_seen_at: AND seen_at = :if_seen_at

-- name: clear_servers
-- Nobody serves it: where there can be only one, those before it are gone.
DELETE FROM servers
