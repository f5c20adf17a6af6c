-- name: read_clock
-- The time that all servers of this database go by: ms since the epoch.
SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS at
