-- This installation: its name, its keys (all wrapped), and what was revoked.

CREATE TABLE instance (
  one BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),  -- so that there is one row
  deployment_id TEXT NOT NULL,
  epoch_clock BIGINT NOT NULL,                      -- the number of the last row of epoch_change
  created_at BIGINT NOT NULL
);

CREATE TABLE instance_key (
  version BIGINT NOT NULL PRIMARY KEY,
  key_id TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'active', 'decrypt_only', 'destroyed')),
  root_key_id TEXT NOT NULL,                        -- the root key that wrapped it
  wrapped BYTEA NOT NULL,
  key_check BYTEA NOT NULL,                         -- a constant under this key
  created_at BIGINT NOT NULL
);

CREATE TABLE signing_key (
  generation BIGINT NOT NULL PRIMARY KEY,           -- of two servers that make the next one, one wins
  kid TEXT NOT NULL UNIQUE,
  sealed BYTEA NOT NULL,
  public_jwk TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  signs_from BIGINT NOT NULL
);

-- Tokens carry the numbers they were issued under; a newer row here ends them. Numbers rise in the order of
-- commits, because they come from the one row of `instance`.
CREATE TABLE epoch_change (
  clock BIGINT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('organization', 'client', 'workspace')),
  subject_id TEXT NOT NULL,
  changed_at BIGINT NOT NULL
);

-- The first organization claims the installation; the one row decides races.
CREATE TABLE claim (
  one BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
  organization_id TEXT NOT NULL,
  claimed_at BIGINT NOT NULL
);

CREATE TABLE setup_code (
  one BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
  code_hash BYTEA NOT NULL,
  wrong_tries BIGINT NOT NULL,
  ends_at BIGINT NOT NULL
);
