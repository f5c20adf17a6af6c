-- Held runs are looked for while they are due only: among many that wait, few are.
DROP INDEX executions_held;
CREATE INDEX executions_held ON executions (node_id, held_for, dispatch_at)
    WHERE held_for IS NOT NULL AND dispatch_at IS NOT NULL;
