-- In SQLite the rows of the log live in the tree of their key: one tree and one index take a row, where it were three. The
-- log tells of what was; it does not look up at each row whether its organization is still there.

-- @sqlite
CREATE TABLE tool_call_by_key (
  org_id TEXT NOT NULL,
  id TEXT NOT NULL,
  workspace_id TEXT NOT NULL,
  connector_id TEXT NOT NULL,
  time INT NOT NULL,
  request_id TEXT NOT NULL,
  interface TEXT NOT NULL,
  client TEXT NOT NULL,
  actor TEXT NOT NULL,
  connector_name TEXT NOT NULL,
  definition TEXT NOT NULL,
  definition_version TEXT NOT NULL,
  type TEXT NOT NULL CHECK (type IN ('direct', 'search')),
  entity TEXT NOT NULL,
  action TEXT NOT NULL,
  effect TEXT NOT NULL,
  intent TEXT NOT NULL,
  params TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status = 'running' OR status = 'succeeded' OR status = 'failed'
                              OR status = 'outcome_unknown'),
  error_code TEXT,
  upstream_status INT,
  attempts INT NOT NULL,
  record_count INT,
  request_bytes INT NOT NULL,
  answer_bytes INT NOT NULL,
  duration_us INT NOT NULL,
  PRIMARY KEY (org_id, id)
) STRICT, WITHOUT ROWID;
INSERT INTO tool_call_by_key SELECT org_id, id, workspace_id, connector_id, time, request_id, interface, client, actor,
  connector_name, definition, definition_version, type, entity, action, effect, intent, params, status, error_code,
  upstream_status, attempts, record_count, request_bytes, answer_bytes, duration_us FROM tool_call;
DROP TABLE tool_call;
ALTER TABLE tool_call_by_key RENAME TO tool_call;
CREATE INDEX tool_call_by_connector ON tool_call (connector_id, id);
CREATE INDEX tool_call_running ON tool_call (org_id, id) WHERE status = 'running';
-- @end
-- @postgres
ALTER TABLE tool_call DROP CONSTRAINT tool_call_org_id_fkey;
-- @end
