-- name: insert_key
-- A new API key, known by its hash.
INSERT INTO keys (key_id, name, role, nodes, hash, created_at)
VALUES (:key_id, :name, :role, :nodes, :hash, :created_at)

-- name: get_key_by_hash
-- The key with this hash, revoked or not.
SELECT * FROM keys WHERE hash = :hash

-- name: list_keys
-- All keys, oldest first.
SELECT * FROM keys ORDER BY created_at, key_id

-- name: count_keys
-- How many keys are in force: with none, the server is open.
SELECT COUNT(*) AS held FROM keys WHERE revoked_at IS NULL

-- name: revoke_key
-- Ends a key, once.
UPDATE keys SET revoked_at = :now WHERE key_id = :key_id AND revoked_at IS NULL

-- name: use_key
-- Remembers when a key was used last.
UPDATE keys SET last_used_at = :now WHERE key_id = :key_id

-- name: any_key
-- Whether a key was ever made. Revoked ones count: to revoke the last must not open the server.
SELECT 1 AS one FROM keys LIMIT 1
