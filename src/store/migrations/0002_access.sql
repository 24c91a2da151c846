-- Tenants. Every statement on a table with org_id names it (docs/security.md, D28), but for client_owner, which
-- answers to whom a client_id belongs before anyone is known.

CREATE TABLE organization (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE organization_key (
  org_id TEXT NOT NULL REFERENCES organization (id),
  version BIGINT NOT NULL,
  key_id TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'active', 'decrypt_only', 'destroyed')),
  instance_key_version BIGINT NOT NULL,             -- the instance key that wrapped it
  wrapped BYTEA NOT NULL,
  key_check BYTEA NOT NULL,
  encryptions BIGINT NOT NULL,                      -- reserved in steps, so never less than were made
  created_at BIGINT NOT NULL,
  PRIMARY KEY (org_id, version)
);

CREATE TABLE member (
  org_id TEXT NOT NULL REFERENCES organization (id),
  id TEXT NOT NULL PRIMARY KEY,
  email TEXT NOT NULL,
  email_folded TEXT NOT NULL UNIQUE,                -- lower case: an address names one member
  role TEXT NOT NULL CHECK (role IN ('admin', 'member')),
  password_hash TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX member_by_organization ON member (org_id, created_at, id);

CREATE TABLE workspace (
  org_id TEXT NOT NULL REFERENCES organization (id),
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  name_folded TEXT NOT NULL,                        -- lower case, for searching
  status TEXT NOT NULL CHECK (status IN ('active', 'inactive')),
  cache_enabled BIGINT,                             -- NULL: as the organization
  tombstone BIGINT NOT NULL,
  visibility TEXT NOT NULL CHECK (visibility IN ('shared', 'private')),
  color TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX workspace_by_name ON workspace (org_id, name) WHERE tombstone = 0;
CREATE INDEX workspace_in_order ON workspace (org_id, name_folded, id);

CREATE TABLE client_owner (
  client_id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organization (id)
);

CREATE TABLE client (
  org_id TEXT NOT NULL REFERENCES organization (id),
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('admin', 'member')),
  created_at BIGINT NOT NULL
);
CREATE INDEX client_by_organization ON client (org_id, created_at, id);

CREATE TABLE client_secret (
  org_id TEXT NOT NULL REFERENCES organization (id),
  client_id TEXT NOT NULL REFERENCES client (id),
  id TEXT NOT NULL PRIMARY KEY,
  hash BYTEA NOT NULL,                              -- HMAC-SHA-256 under the pepper
  mac_version BIGINT NOT NULL,                      -- of the instance key that the pepper comes from
  created_at BIGINT NOT NULL,
  ends_at BIGINT,
  last_used_at BIGINT
);
CREATE INDEX client_secret_by_client ON client_secret (org_id, client_id, created_at);
