/** The tables of one workspace and how an existing database reaches them. Migrations only ever get appended. */
import type { Database } from "../../ports.ts";

/**
 * Statements by schema version, oldest first. `files` holds no content, so that listing reads narrow rows; `bodies`
 * is keyed by the revision's number, so that new content is appended. `dirs` keeps the inferred directories with the
 * number of files below each, which makes listing and `totalFiles` independent of the size of the workspace.
 * Columns that are null for ordinary rows (`provider` outside providers, `attention` of ops that succeeded) keep
 * ordinary writes out of the indexes over them.
 */
export const MIGRATIONS: readonly (readonly string[])[] = [
  [
    `CREATE TABLE counters (id INTEGER PRIMARY KEY, revision INTEGER NOT NULL, event INTEGER NOT NULL,
       op INTEGER NOT NULL, envelope INTEGER NOT NULL)`,
    "INSERT INTO counters (id, revision, event, op, envelope) VALUES (1, 0, 0, 0, 0)",
    `CREATE TABLE files (path TEXT NOT NULL PRIMARY KEY, revision INTEGER NOT NULL, content_hash TEXT NOT NULL,
       content_type TEXT NOT NULL, size INTEGER NOT NULL, provider TEXT NOT NULL, object_id TEXT,
       updated_at INTEGER NOT NULL, semantics TEXT, permissions TEXT, correlation_id TEXT NOT NULL,
       op INTEGER, base INTEGER NOT NULL)`,
    "CREATE INDEX files_permissions ON files (path) WHERE permissions IS NOT NULL",
    "CREATE INDEX files_object ON files (provider, object_id) WHERE object_id IS NOT NULL",
    "CREATE TABLE bodies (revision INTEGER PRIMARY KEY, path TEXT NOT NULL, bytes BLOB, key TEXT)",
    "CREATE TABLE superseded (revision INTEGER PRIMARY KEY, at INTEGER NOT NULL)",
    `CREATE TABLE dirs (path TEXT NOT NULL PRIMARY KEY, files INTEGER NOT NULL, runtime INTEGER NOT NULL)
       WITHOUT ROWID`,
    `CREATE TABLE events (seq INTEGER PRIMARY KEY, type TEXT NOT NULL, path TEXT NOT NULL, revision TEXT NOT NULL,
       content_hash TEXT, origin TEXT NOT NULL, provider TEXT, correlation_id TEXT NOT NULL,
       at INTEGER NOT NULL, detail TEXT)`,
    "CREATE INDEX events_provider ON events (provider, seq) WHERE provider IS NOT NULL",
    "CREATE INDEX events_at ON events (at)",
    `CREATE TABLE operations (seq INTEGER PRIMARY KEY, path TEXT NOT NULL, revision TEXT NOT NULL,
       provider TEXT, action TEXT NOT NULL, status TEXT NOT NULL, attention TEXT, attempt_count INTEGER NOT NULL,
       next_attempt_at INTEGER, last_error TEXT, last_status INTEGER, provider_result TEXT, identity TEXT,
       identity_expires_at INTEGER, correlation_id TEXT NOT NULL, created_at INTEGER NOT NULL,
       updated_at INTEGER NOT NULL, completed_at INTEGER)`,
    "CREATE INDEX operations_attention ON operations (attention, seq) WHERE attention IS NOT NULL",
    "CREATE INDEX operations_provider ON operations (provider, seq) WHERE provider IS NOT NULL",
    "CREATE INDEX operations_identity ON operations (identity, seq) WHERE identity IS NOT NULL",
    "CREATE INDEX operations_due ON operations (next_attempt_at) WHERE next_attempt_at IS NOT NULL",
    `CREATE TABLE webhook_envelopes (seq INTEGER PRIMARY KEY, envelope_id TEXT NOT NULL UNIQUE,
       provider TEXT NOT NULL, delivery_id TEXT NOT NULL, correlation_id TEXT NOT NULL, received_at INTEGER NOT NULL,
       kind TEXT NOT NULL, headers TEXT NOT NULL, payload TEXT NOT NULL, status TEXT NOT NULL, attempts INTEGER NOT NULL,
       outcome TEXT, last_error TEXT, finished_at INTEGER, UNIQUE (provider, delivery_id))`,
    "CREATE INDEX envelopes_status ON webhook_envelopes (status, seq)",
    "CREATE INDEX envelopes_provider ON webhook_envelopes (provider, status, seq)",
    "CREATE TABLE integrations (provider TEXT PRIMARY KEY, backend TEXT NOT NULL, connected_at INTEGER NOT NULL)",
    "CREATE TABLE watermarks (provider TEXT NOT NULL, object TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (provider, object)) WITHOUT ROWID",
    "CREATE TABLE ingress (provider TEXT NOT NULL, name TEXT NOT NULL, total INTEGER NOT NULL, PRIMARY KEY (provider, name)) WITHOUT ROWID",
  ],
  [
    "ALTER TABLE integrations ADD COLUMN connection_id TEXT",
    // The type is that of `RECEIPT_TYPE`; only receipts are in this index, so finding the expired ones costs nothing.
    `CREATE INDEX files_receipts ON files (updated_at)
       WHERE content_type = 'application/vnd.relayfile.receipt+json'`,
  ],
  [
    `CREATE TABLE refreshes (n INTEGER PRIMARY KEY AUTOINCREMENT, provider TEXT NOT NULL,
       requested_at INTEGER NOT NULL, finished_at INTEGER, outcome TEXT, error TEXT)`,
    "CREATE INDEX refreshes_provider ON refreshes (provider, n)",
  ],
  [
    // Rules of deleted files: events and ops that name them stay hidden from whom the files were hidden.
    "CREATE TABLE gone_permissions (path TEXT NOT NULL PRIMARY KEY, permissions TEXT NOT NULL) WITHOUT ROWID",
  ],
  [
    // Metadata of the connection that an executor needs, such as the site of an Atlassian product.
    "ALTER TABLE integrations ADD COLUMN settings TEXT",
    // When a deleted record was last changed, so that no older copy of it comes back, restarts included.
    `CREATE TABLE deleted_records (record TEXT NOT NULL PRIMARY KEY, updated TEXT NOT NULL, at INTEGER NOT NULL)
       WITHOUT ROWID`,
    "CREATE INDEX deleted_records_at ON deleted_records (at)",
  ],
  [
    // Payloads of envelopes that are too large for one row; the envelope's own column is then empty.
    `CREATE TABLE envelope_parts (envelope INTEGER NOT NULL, part INTEGER NOT NULL, text TEXT NOT NULL,
       PRIMARY KEY (envelope, part)) WITHOUT ROWID`,
  ],
  [
    // Bodies in the store that no row names: about to be written, left behind by a write that did not happen, or dropped.
    "CREATE TABLE loose_bodies (key TEXT NOT NULL PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID",
  ],
];

/** Brings a database to the newest schema; does nothing when it is there already. Newer databases are refused by the caller's queries. */
export async function migrate(
  db: Database,
  migrations: readonly (readonly string[])[] = MIGRATIONS,
): Promise<void> {
  // Looking first keeps an ordinary start free of durable writes.
  if (versionOf(db) === migrations.length) return;
  await db.commit(() => {
    db.sql.run("CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID");
    const version = versionOf(db);
    for (const statements of migrations.slice(version))
      for (const statement of statements) db.sql.run(statement);
    db.sql.run("INSERT OR REPLACE INTO meta (key, value) VALUES ('schema_version', ?)", [
      String(Math.max(version, migrations.length)),
    ]);
  });
}

/** The schema version of a database; 0 for one without tables. */
function versionOf(db: Database): number {
  if (db.sql.all("SELECT 1 FROM sqlite_master WHERE name = 'meta'").length === 0) return 0;
  const [row] = db.sql.all<{ value: string }>("SELECT value FROM meta WHERE key = 'schema_version'");
  return row === undefined ? 0 : Number(row.value);
}
