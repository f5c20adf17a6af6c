-- What one server takes for itself, passing over what another one is at. Rows come in any order.
-- ARRAY is looked for once. In the place of it, IN may be joined row by row, and each row would take
-- as many again as the limit allows.

-- name: claim_due_expiries
-- Pending requests whose time is over, the oldest first.
UPDATE approval_requests SET claimed_until = :until WHERE id = ANY(ARRAY(
    SELECT id FROM approval_requests
    WHERE decided_at IS NULL AND expires_at <= :now
        AND (claimed_until IS NULL OR claimed_until <= :now)
    ORDER BY expires_at, id LIMIT :limit FOR UPDATE SKIP LOCKED))
RETURNING *

-- name: claim_due_timeouts
-- Executions whose running time is over, the oldest first.
UPDATE executions SET claimed_until = :until WHERE execution_id = ANY(ARRAY(
    SELECT execution_id FROM executions
    WHERE timeout_at <= :now AND (claimed_until IS NULL OR claimed_until <= :now)
    ORDER BY timeout_at LIMIT :limit FOR UPDATE SKIP LOCKED))
RETURNING *

-- name: claim_due_dispatch_ids
-- Executions of a node that are due to be sent to an instance, the longest waiting first.
UPDATE executions SET claimed_until = :until WHERE execution_id = ANY(ARRAY(
    SELECT execution_id FROM executions
    WHERE node_id = :node_id AND dispatch_at <= :now AND held_for IS NULL
--? without: AND reasoner NOT IN (:without)
        AND (claimed_until IS NULL OR claimed_until <= :now)
    ORDER BY dispatch_at, execution_id LIMIT :limit FOR UPDATE SKIP LOCKED))
RETURNING execution_id, reasoner

-- name: claim_held_attempts
-- Some of what an instance holds that is not heard any more.
UPDATE executions SET claimed_until = :until WHERE execution_id = ANY(ARRAY(
    SELECT execution_id FROM executions
    WHERE node_id = :node_id AND lease_instance = :instance_id
        AND (claimed_until IS NULL OR claimed_until <= :now)
    ORDER BY execution_id LIMIT :limit FOR UPDATE SKIP LOCKED))
RETURNING execution_id, attempt

-- name: claim_due_messages
-- Where messages go that are due, the oldest first.
UPDATE messages SET claimed_until = :until WHERE id = ANY(ARRAY(
    SELECT id FROM messages
    WHERE next_at <= :now AND (claimed_until IS NULL OR claimed_until <= :now)
    ORDER BY next_at, id LIMIT :limit FOR UPDATE SKIP LOCKED))
RETURNING id, url, next_at
