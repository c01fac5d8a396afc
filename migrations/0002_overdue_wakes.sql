-- Wake targets that were given up after many tries (JSON array), so that a later instance tries them again although
-- the cursor has passed their changes. In the row that every commit writes anyway.
ALTER TABLE meta ADD COLUMN overdue TEXT NOT NULL DEFAULT '[]';
