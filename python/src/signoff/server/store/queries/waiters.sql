-- name: clear_waiters
-- Nobody waits for any own id: for tests.
DELETE FROM waiters
