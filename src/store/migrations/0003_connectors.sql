-- Connectors: a third-party service with credentials, in a workspace. The credentials stand in a table of their own,
-- sealed, so that destroying them is one DELETE and re-sealing them touches nothing else.

CREATE TABLE connector (
  org_id TEXT NOT NULL REFERENCES organization (id),
  id TEXT NOT NULL PRIMARY KEY,
  workspace_id TEXT NOT NULL REFERENCES workspace (id),
  definition_id TEXT NOT NULL,
  name TEXT NOT NULL,
  environment TEXT NOT NULL,                        -- JSON object, never a secret
  replication_config TEXT NOT NULL,                 -- JSON object, never a secret
  entities TEXT,                                    -- JSON array; NULL: the suggested ones
  auth_scheme TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('ready', 'unverified', 'degraded', 'needs_reauth', 'config_error')),
  status_reason TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE INDEX connector_in_order ON connector (org_id, created_at, id);
CREATE INDEX connector_by_workspace ON connector (org_id, workspace_id, created_at, id);

CREATE TABLE connector_credential (
  org_id TEXT NOT NULL REFERENCES organization (id),
  connector_id TEXT NOT NULL PRIMARY KEY REFERENCES connector (id),
  version BIGINT NOT NULL,                          -- part of what the ciphertext is bound to
  sealed BYTEA NOT NULL,
  updated_at BIGINT NOT NULL
);

-- What goes on after an answer was given: deletions.
CREATE TABLE job (
  org_id TEXT NOT NULL REFERENCES organization (id),
  id TEXT NOT NULL PRIMARY KEY,
  workspace_id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('delete_connector')),
  status TEXT NOT NULL CHECK (status IN ('running', 'succeeded', 'failed')),
  connector_id TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  finished_at BIGINT
);
