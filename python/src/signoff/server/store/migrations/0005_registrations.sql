-- Which instance of a node registered last says no clock: two may come in the same millisecond,
-- and clocks are set back.
ALTER TABLE instances ADD COLUMN registration BIGINT NOT NULL DEFAULT 0;
