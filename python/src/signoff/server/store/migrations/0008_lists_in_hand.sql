-- A long list of what an instance has in hand comes in pages, which several servers may take.
CREATE TABLE in_hand_pages (
    node_id      TEXT NOT NULL,
    instance_id  TEXT NOT NULL,
    digest       TEXT NOT NULL,
    page         BIGINT NOT NULL,
    executions   TEXT NOT NULL,
    PRIMARY KEY (node_id, instance_id, digest, page)
);
