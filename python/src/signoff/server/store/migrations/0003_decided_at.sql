-- Who asks for what was decided in a time does not look at every request there is.
CREATE INDEX approval_requests_by_decision ON approval_requests (decided_at, id)
    WHERE decided_at IS NOT NULL;
