/**
 * Tables of the SQLite journal. Integer row keys throughout; nothing that identifies a patient stands in clear:
 * `event.sealed` holds headers of record, focus references and body, `subject` and the lanes are keyed digests.
 *
 * event        what was accepted; `meta` is JSON without PHI
 * dedupe       16-byte keyed digest of the signed identity → event; `digest` is a keyed digest of the body; the newest
 *              identities stand in `event` only: see DedupeIndex
 * delivery     state of the work of forwarding; `blocked` counts the lanes in which an earlier event stands in front
 * lane_wait    who waits behind another in which lane, in order of `ticket`
 * subject      blind index of patients, filled from `event.subjects` a little later: see SubjectIndex
 * audit        hash chain per organization
 */
export const SCHEMA_VERSION = 1;

export const SCHEMA = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE name (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE data_key (
  organization TEXT NOT NULL, purpose TEXT NOT NULL, generation INTEGER NOT NULL,
  wrapped BLOB NOT NULL, created_at INTEGER NOT NULL,
  PRIMARY KEY (organization, purpose, generation)
) STRICT, WITHOUT ROWID;
CREATE TABLE event (
  seq INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, org INTEGER NOT NULL, source INTEGER NOT NULL,
  type INTEGER NOT NULL, received_at INTEGER NOT NULL, meta TEXT NOT NULL,
  dedupe_key BLOB, digest BLOB NOT NULL, subjects BLOB, audit_seq INTEGER NOT NULL, audit_hash BLOB NOT NULL, sealed BLOB NOT NULL
) STRICT;
CREATE TABLE dedupe (
  key BLOB PRIMARY KEY, event INTEGER NOT NULL, digest BLOB NOT NULL, expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE delivery (
  event INTEGER PRIMARY KEY, state INTEGER NOT NULL, due_at INTEGER NOT NULL, ticket INTEGER NOT NULL,
  blocked INTEGER NOT NULL, attempts INTEGER NOT NULL, spent INTEGER NOT NULL, replay INTEGER NOT NULL,
  last_status INTEGER, reason TEXT, updated_at INTEGER NOT NULL, lanes BLOB NOT NULL
) STRICT;
CREATE INDEX delivery_due ON delivery (due_at, ticket) WHERE state = 0 AND blocked = 0;
CREATE INDEX delivery_stuck ON delivery (state, event) WHERE state IN (2, 4);
CREATE TABLE lane_wait (
  lane INTEGER NOT NULL, ticket INTEGER NOT NULL, event INTEGER NOT NULL, PRIMARY KEY (lane, ticket)
) STRICT, WITHOUT ROWID;
CREATE TABLE subject (
  token BLOB NOT NULL, event INTEGER NOT NULL, PRIMARY KEY (token, event)
) STRICT, WITHOUT ROWID;
CREATE TABLE secret_use (
  org INTEGER NOT NULL, source INTEGER NOT NULL, secret TEXT NOT NULL, last_matched_at INTEGER NOT NULL,
  PRIMARY KEY (org, source, secret)
) STRICT, WITHOUT ROWID;
CREATE TABLE audit (
  org INTEGER NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, bytes BLOB NOT NULL, hash BLOB NOT NULL,
  PRIMARY KEY (org, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE audit_head (org INTEGER PRIMARY KEY, seq INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;
`;

/** Codes of `delivery.state`, in the order of DELIVERY_STATES; the partial indexes above rely on them. */
export const STATE = { pending: 0, delivered: 1, dead: 2, consumed: 3, quarantined: 4 } as const;
