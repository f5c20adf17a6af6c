-- name: get_fact
-- Something that the server itself remembers.
SELECT value FROM facts WHERE name = :name

-- name: put_fact
-- Remembers it, in the place of what was there.
INSERT INTO facts (name, value) VALUES (:name, :value)
ON CONFLICT (name) DO UPDATE SET value = excluded.value

-- name: ping
-- Whether the database answers.
SELECT 1 AS one

-- name: clear_facts
-- Forgets everything: for tests.
DELETE FROM facts
