/** Providers of one workspace: connecting, refresh, and what `sync/status` says about them. */
import { fail, isRelayfileError, messageOf } from "../../errors.ts";
import { FILE_API } from "../../limits.ts";
import type { RefreshedProvider, SyncStatus } from "../../model/integration.ts";
import type { TreeStore } from "../../ports.ts";
import {
  countEnvelopes,
  deliveringProviders,
  lastEnvelopeError,
  newestProcessed,
  oldestOpen,
} from "../store/envelopes.ts";
import { countOps } from "../store/ops.ts";
import type { WorkspaceContext } from "./context.ts";

/** A connected provider of a workspace. */
export interface Connection {
  readonly provider: string;
  readonly backend: string;
  readonly connectedAt: number;
  /** Null for connections made before this was recorded: then it is not checked. */
  readonly connectionId: string | null;
  /** The connection's metadata. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** What makes a connection; a part left out stays as it was. */
export interface ConnectionChange {
  readonly backend: string;
  readonly connectionId?: string | null;
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** Connected providers, sorted. */
export function connections(context: WorkspaceContext): Connection[] {
  return context.store.sql
    .all<{
      provider: string;
      backend: string;
      connected_at: number;
      connection_id: string | null;
      settings: string | null;
    }>("SELECT provider, backend, connected_at, connection_id, settings FROM integrations ORDER BY provider")
    .map((row) => ({
      provider: row.provider,
      backend: row.backend,
      connectedAt: row.connected_at,
      connectionId: row.connection_id,
      settings: row.settings === null ? {} : JSON.parse(row.settings),
    }));
}

/** Connects a provider and writes its layout and discovery files. Connecting twice changes nothing. */
export async function connectProvider(
  context: WorkspaceContext,
  tree: TreeStore,
  provider: string,
  { backend, connectionId = null, settings }: ConnectionChange,
): Promise<void> {
  if (!context.pipeline.catalog.some((entry) => entry.id === provider)) {
    fail("not_found", `no provider ${provider} in the catalog`, { provider });
  }
  await context.store.commit((tx) =>
    tx.sql.run(
      `INSERT INTO integrations (provider, backend, connected_at, connection_id, settings) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (provider) DO UPDATE SET backend = excluded.backend,
         connection_id = COALESCE(excluded.connection_id, connection_id),
         settings = COALESCE(excluded.settings, settings)`,
      [provider, backend, tx.now, connectionId, settings === undefined ? null : JSON.stringify(settings)],
    ),
  );
  await context.pipeline.materialize(tree, provider);
}

/** Disconnects a provider; its files stay. */
export async function disconnectProvider(context: WorkspaceContext, provider: string): Promise<void> {
  await context.store.commit((tx) => tx.sql.run("DELETE FROM integrations WHERE provider = ?", [provider]));
}

/** Writes discovery anew for one provider; a failure is part of the answer. */
export async function refreshProvider(
  context: WorkspaceContext,
  tree: TreeStore,
  provider: string,
  reset: readonly string[] = [],
): Promise<RefreshedProvider & { failure?: string }> {
  try {
    return await context.pipeline.refresh(tree, provider, reset);
  } catch (thrown) {
    context.log.warn("refresh failed", { provider, error: messageOf(thrown) });
    const failure = isRelayfileError(thrown) ? thrown.message : "refresh failed";
    return { provider, discoveryBackfilled: false, errors: 1, discoveryBackfillStatus: "failed", failure };
  }
}

/** State of each provider's sync (spec file-api 7.1). A provider that is asked for by name is always listed. */
export function syncStatus(context: WorkspaceContext, only: string | null): SyncStatus {
  const { sql, workspaceId } = context.store;
  const connected = new Set(connections(context).map(({ provider }) => provider));
  const providers = only === null ? [...new Set([...connected, ...deliveringProviders(sql)])].sort() : [only];
  return {
    workspaceId,
    providers: providers.map((provider) => providerStatus(context, provider, connected)),
  };
}

function providerStatus(context: WorkspaceContext, provider: string, connected: ReadonlySet<string>) {
  const { sql } = context.store;
  const newest = newestProcessed(sql, provider);
  const waiting = oldestOpen(sql, provider);
  const lagMs = waiting === null ? 0 : Math.max(0, context.clock.now() - waiting);
  const deadLetteredEnvelopes = countEnvelopes(sql, provider, "failed");
  const deadLetteredOps = countOps(sql, provider, "dead_lettered");
  const lastError = lastOpError(context, provider) ?? lastEnvelopeError(sql, provider);
  const troubled = deadLetteredEnvelopes + deadLetteredOps > 0;
  return {
    provider,
    status: troubled ? "error" : lagMs > FILE_API.lagWarnMs ? "lagging" : "healthy",
    ...(newest === null
      ? {}
      : { cursor: newest.envelopeId, watermarkTs: new Date(newest.receivedAt).toISOString() }),
    lagSeconds: Math.floor(lagMs / 1_000),
    ...(troubled && lastError !== null ? { lastError, failureCodes: { [failureCode(lastError)]: 1 } } : {}),
    deadLetteredEnvelopes,
    deadLetteredOps,
    ...(connected.has(provider) ? { ready: true } : {}),
  };
}

function lastOpError(context: WorkspaceContext, provider: string): string | null {
  const [row] = context.store.sql.all<{ last_error: string | null }>(
    "SELECT last_error FROM operations WHERE attention = 'dead_lettered' AND provider = ? ORDER BY seq DESC LIMIT 1",
    [provider],
  );
  return row?.last_error ?? null;
}

/** The class of an error text (spec file-api 7.1). */
export function failureCode(error: string): string {
  const rules: readonly (readonly [RegExp, string])[] = [
    [/429|rate.?limit/i, "rate_limited"],
    [/time(?:d )?.?out/i, "timeout"],
    [/401|unauthorized/i, "unauthorized"],
    [/403|forbidden/i, "forbidden"],
    [/404|not.?found/i, "not_found"],
    [/409|conflict/i, "conflict"],
    [/50[0234]/, "provider_unavailable"],
  ];
  return rules.find(([pattern]) => pattern.test(error))?.[1] ?? "unknown";
}
