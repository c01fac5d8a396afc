-- The store (worker/storage). One row of meta orders everything: every commit first moves its revision under the
-- writer's own epoch, so that two writers can never both succeed. Each index would cost a billed row a write, so
-- there is none beside the primary keys.
CREATE TABLE meta (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  cluster_uid TEXT NOT NULL,
  -- Grows with every start of a writer; a batch of an older one aborts.
  epoch INTEGER NOT NULL,
  -- The cluster's resourceVersion. NOT NULL is the fence: a commit that meets another state writes NULL and aborts.
  rv INTEGER NOT NULL,
  -- History at or below is compacted.
  floor INTEGER NOT NULL,
  -- Wakes of changes at or below were acknowledged.
  cursor INTEGER NOT NULL,
  -- When the cron has to call the store (milliseconds since the epoch): something unsettled, expiring, to compact.
  due_at INTEGER
);

-- Which version of each object is current, with what selectors and wakes need of it.
CREATE TABLE objects (
  key TEXT PRIMARY KEY,
  rv INTEGER NOT NULL,
  time INTEGER NOT NULL,
  idx TEXT NOT NULL
) WITHOUT ROWID;

-- Every state of every object, once: the log of changes. A deletion has neither idx nor data.
CREATE TABLE versions (
  rv INTEGER PRIMARY KEY,
  -- Of the writer: tells after an ambiguous error whose commit it is.
  epoch INTEGER NOT NULL,
  key TEXT NOT NULL,
  -- The version that this one replaced, 0 for none.
  prev_rv INTEGER NOT NULL,
  type TEXT NOT NULL,
  time INTEGER NOT NULL,
  -- Of the stored form, for upgrades.
  schema INTEGER NOT NULL DEFAULT 1,
  idx TEXT,
  -- The encryption key's id; NULL for plain data.
  key_id TEXT,
  data TEXT
);

-- Values that only one object may hold: cluster IPs, node ports, pod CIDRs.
CREATE TABLE allocations (
  kind TEXT NOT NULL,
  value TEXT NOT NULL,
  owner TEXT NOT NULL,
  PRIMARY KEY (kind, value)
) WITHOUT ROWID;

-- Revision 0 means "any" to Kubernetes' clients, so the first one is 1. The UID is a random UUID, version 4.
INSERT INTO meta (id, cluster_uid, epoch, rv, floor, cursor)
SELECT 1,
  substr(h, 1, 8) || '-' || substr(h, 9, 4) || '-4' || substr(h, 14, 3) || '-a' || substr(h, 18, 3) || '-' || substr(h, 21, 12),
  0, 1, 1, 1
FROM (SELECT lower(hex(randomblob(16))) AS h);
