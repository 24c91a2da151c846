-- Codes of the ceremonies: the first start, and the way back of an admin who lost the credentials. One of each lives at
-- a time; the row is gone when it was used.

DROP TABLE setup_code;

CREATE TABLE one_time_code (
  purpose TEXT NOT NULL PRIMARY KEY CHECK (purpose = 'setup' OR purpose = 'recovery'),
  code_hash BYTEA NOT NULL,
  wrong_tries BIGINT NOT NULL,
  ends_at BIGINT NOT NULL,
  organization_id TEXT,                             -- of a recovery: whose admin gets in again
  member_id TEXT
);
