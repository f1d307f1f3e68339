/** The control plane's tables: sessions, workspaces, integrations. Secrets are kept as hashes only. */
import type { Database, SqlDriver, SqlRow } from "../../ports.ts";
import { migrate } from "../store/schema.ts";

const MIGRATIONS: readonly (readonly string[])[] = [
  [
    `CREATE TABLE sessions (id TEXT PRIMARY KEY, access_hash TEXT NOT NULL UNIQUE, refresh_hash TEXT NOT NULL UNIQUE,
       access_expires_at INTEGER NOT NULL, refresh_expires_at INTEGER NOT NULL, revoked INTEGER NOT NULL DEFAULT 0)`,
    `CREATE TABLE workspaces (id TEXT PRIMARY KEY, relay_id TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
       created_at INTEGER NOT NULL)`,
    "CREATE INDEX workspaces_name ON workspaces (name)",
    "CREATE TABLE deleted_workspaces (relay_id TEXT PRIMARY KEY, at INTEGER NOT NULL)",
    `CREATE TABLE integrations (workspace TEXT NOT NULL, provider TEXT NOT NULL, backend TEXT NOT NULL,
       connection_id TEXT NOT NULL, state TEXT NOT NULL, last_error TEXT, metadata TEXT NOT NULL,
       created_at INTEGER NOT NULL, PRIMARY KEY (workspace, provider))`,
    `CREATE TABLE device_codes (device_hash TEXT PRIMARY KEY, user_code TEXT NOT NULL UNIQUE, approved INTEGER NOT NULL,
       denied INTEGER NOT NULL, last_poll_at INTEGER, expires_at INTEGER NOT NULL)`,
    `CREATE TABLE delegations (refresh_hash TEXT PRIMARY KEY, workspace TEXT NOT NULL, agent TEXT NOT NULL,
       scopes TEXT NOT NULL, expires_at INTEGER NOT NULL, not_after INTEGER NOT NULL)`,
  ],
  ["ALTER TABLE workspaces ADD COLUMN anonymous INTEGER NOT NULL DEFAULT 0"],
];

const WORKSPACE_COLUMNS = "id, relay_id, name, created_at, anonymous";

/** A workspace as the control plane knows it. */
export interface WorkspaceRow {
  /** The UUID. */
  readonly id: string;
  /** `rw_` and eight characters: the id in file API paths. */
  readonly relayId: string;
  readonly name: string;
  readonly createdAt: number;
  /** True when nobody owns it, so that whoever knows its id may join. */
  readonly anonymous: boolean;
}

/** A connected provider of a workspace. */
export interface IntegrationRecord {
  readonly workspace: string;
  readonly provider: string;
  readonly backend: string;
  readonly connectionId: string;
  /** `oauth_connected`, `syncing`, `ready` or `error`. */
  readonly state: string;
  readonly lastError: string | null;
  readonly metadata: Record<string, unknown>;
  readonly createdAt: number;
}

/** A signed-in session, by hashes. */
export interface SessionRow {
  readonly id: string;
  readonly accessExpiresAt: number;
  readonly refreshExpiresAt: number;
  readonly revoked: boolean;
}

/** The control plane's rows. Reads at once, writes durable when they resolve. */
export class ControlStore {
  private constructor(private readonly db: Database) {}

  /** Opens and migrates. */
  static async open(db: Database): Promise<ControlStore> {
    await migrate(db, MIGRATIONS);
    return new ControlStore(db);
  }

  /** For reading. */
  get sql(): SqlDriver {
    return this.db.sql;
  }

  /** Runs work durably. */
  commit<T>(work: (sql: SqlDriver) => T): Promise<T> {
    return this.db.commit(() => work(this.db.sql));
  }

  /** Resolves when everything is on disk. */
  close(): Promise<void> {
    return this.db.close();
  }

  /** The workspace with this UUID, `rw_` id, or name that only one owned workspace has; null when there is none. */
  workspace(key: string): WorkspaceRow | null {
    const byId = this.sql.all(`SELECT ${WORKSPACE_COLUMNS} FROM workspaces WHERE id = ? OR relay_id = ?`, [
      key.toLowerCase(),
      key,
    ]);
    const rows =
      byId.length > 0
        ? byId
        : this.sql.all(
            `SELECT ${WORKSPACE_COLUMNS} FROM workspaces WHERE name = ? AND anonymous = 0 LIMIT 2`,
            [key],
          );
    return rows.length === 1 ? workspaceOf(rows[0] as SqlRow) : null;
  }

  /** The oldest owned workspace with this name, or null: the one a host made first. */
  oldest(name: string): WorkspaceRow | null {
    const [row] = this.sql.all(
      `SELECT ${WORKSPACE_COLUMNS} FROM workspaces WHERE name = ? AND anonymous = 0 ORDER BY created_at, id LIMIT 1`,
      [name],
    );
    return row === undefined ? null : workspaceOf(row);
  }

  /** All workspaces by name. */
  workspaces(): WorkspaceRow[] {
    return this.sql.all(`SELECT ${WORKSPACE_COLUMNS} FROM workspaces ORDER BY name, id`).map(workspaceOf);
  }

  /** Adds a workspace. */
  async addWorkspace(row: WorkspaceRow): Promise<void> {
    await this.commit((sql) =>
      sql.run("INSERT INTO workspaces (id, relay_id, name, created_at, anonymous) VALUES (?, ?, ?, ?, ?)", [
        row.id,
        row.relayId,
        row.name,
        row.createdAt,
        row.anonymous ? 1 : 0,
      ]),
    );
  }

  /** Forgets a workspace and everything that names it; its id is never given out again. */
  async removeWorkspace(row: WorkspaceRow, now: number): Promise<void> {
    await this.commit((sql) => {
      sql.run("DELETE FROM integrations WHERE workspace = ?", [row.id]);
      sql.run("DELETE FROM delegations WHERE workspace = ?", [row.id]);
      sql.run("DELETE FROM workspaces WHERE id = ?", [row.id]);
      sql.run("INSERT OR REPLACE INTO deleted_workspaces (relay_id, at) VALUES (?, ?)", [row.relayId, now]);
    });
  }

  /** Integrations of a workspace by provider. */
  integrations(workspace: string): IntegrationRecord[] {
    return this.sql
      .all("SELECT * FROM integrations WHERE workspace = ? ORDER BY provider", [workspace])
      .map(integrationOf);
  }

  /** One integration, or null. */
  integration(workspace: string, provider: string): IntegrationRecord | null {
    return this.integrations(workspace).find((row) => row.provider === provider) ?? null;
  }

  /** True when a connection of the sync source belongs to another workspace. */
  isHeldElsewhere(workspace: string, provider: string, connectionId: string): boolean {
    const held =
      "SELECT 1 FROM integrations WHERE provider = ? AND connection_id = ? AND workspace <> ? LIMIT 1";
    return this.sql.all(held, [provider, connectionId, workspace]).length > 0;
  }

  /** Adds or replaces an integration. */
  async saveIntegration(row: IntegrationRecord): Promise<void> {
    await this.commit((sql) =>
      sql.run(
        `INSERT OR REPLACE INTO integrations (workspace, provider, backend, connection_id, state, last_error, metadata,
           created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        [
          row.workspace,
          row.provider,
          row.backend,
          row.connectionId,
          row.state,
          row.lastError,
          JSON.stringify(row.metadata),
          row.createdAt,
        ],
      ),
    );
  }

  /** Removes an integration; an absent one is fine. */
  async removeIntegration(workspace: string, provider: string): Promise<void> {
    await this.commit((sql) =>
      sql.run("DELETE FROM integrations WHERE workspace = ? AND provider = ?", [workspace, provider]),
    );
  }
}

function workspaceOf(row: SqlRow): WorkspaceRow {
  return {
    id: row.id as string,
    relayId: row.relay_id as string,
    name: row.name as string,
    createdAt: row.created_at as number,
    anonymous: row.anonymous === 1,
  };
}

function integrationOf(row: SqlRow): IntegrationRecord {
  return {
    workspace: row.workspace as string,
    provider: row.provider as string,
    backend: row.backend as string,
    connectionId: row.connection_id as string,
    state: row.state as string,
    lastError: row.last_error as string | null,
    metadata: JSON.parse(row.metadata as string),
    createdAt: row.created_at as number,
  };
}
