-- What is pending under an own id, or of a node, is looked for with each decision that names an own
-- id: of a program that always asks under the same one, all that it ever asked was looked at.
CREATE INDEX approval_requests_pending_by_own_id ON approval_requests (approval_request_id, id)
    WHERE decided_at IS NULL;
CREATE INDEX approval_requests_pending_by_node ON approval_requests (node_id, id)
    WHERE decided_at IS NULL;
