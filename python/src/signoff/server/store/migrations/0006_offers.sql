-- What each instance registered with, as a JSON array of names: while a new version is rolled out
-- not all instances of a node have the same reasoners. NULL: registered with an older server.
ALTER TABLE instances ADD COLUMN offers TEXT;
