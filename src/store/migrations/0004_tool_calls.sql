-- What was called. Names of parameters and fingerprints of their values, never a value.
-- Ids begin with the time, so rows are written and read in the order of the primary key: the log takes a row per call,
-- and each further index costs more than the row.

CREATE TABLE tool_call (
  org_id TEXT NOT NULL REFERENCES organization (id),
  id TEXT NOT NULL,
  workspace_id TEXT NOT NULL,
  connector_id TEXT NOT NULL,
  time BIGINT NOT NULL,
  request_id TEXT NOT NULL,
  interface TEXT NOT NULL,
  client TEXT NOT NULL,                             -- how the calling program names itself
  actor TEXT NOT NULL,                              -- the client id of the token
  connector_name TEXT NOT NULL,
  definition TEXT NOT NULL,                         -- slug
  definition_version TEXT NOT NULL,
  type TEXT NOT NULL CHECK (type IN ('direct', 'search')),
  entity TEXT NOT NULL,
  action TEXT NOT NULL,
  effect TEXT NOT NULL,
  intent TEXT NOT NULL,
  params TEXT NOT NULL,                             -- JSON object: name -> fingerprint
  -- Not IN: for a list of more than two, SQLite fills a temporary table at each row.
  status TEXT NOT NULL CHECK (status = 'running' OR status = 'succeeded' OR status = 'failed'
                              OR status = 'outcome_unknown'),
  error_code TEXT,
  upstream_status BIGINT,
  attempts BIGINT NOT NULL,
  record_count BIGINT,
  request_bytes BIGINT NOT NULL,
  answer_bytes BIGINT NOT NULL,
  duration_us BIGINT NOT NULL,
  PRIMARY KEY (org_id, id)
);
CREATE INDEX tool_call_by_connector ON tool_call (connector_id, id);
CREATE INDEX tool_call_running ON tool_call (org_id, id) WHERE status = 'running';

-- Requests that carried an Idempotency-Key, and what came of them.
CREATE TABLE idempotent_request (
  org_id TEXT NOT NULL REFERENCES organization (id),
  scope TEXT NOT NULL,                              -- the workspace's id
  key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,                        -- HMAC of route and body
  state TEXT NOT NULL CHECK (state IN ('running', 'done', 'unknown')),
  server TEXT NOT NULL,                             -- the process that works on it
  outcome BYTEA,                                    -- sealed
  started_at BIGINT NOT NULL,
  PRIMARY KEY (org_id, scope, key)
);
CREATE INDEX idempotent_request_by_age ON idempotent_request (org_id, started_at);
