/** Refreshes asked for at the file API: kept as rows, so that an id means something and a restart forgets none. */
import { messageOf } from "../../errors.ts";
import type { TreeStore } from "../../ports.ts";
import type { WorkspaceContext } from "./context.ts";
import { connections, refreshProvider } from "./sync.ts";

/** Ended jobs kept per workspace. */
const KEPT_MAX = 100;

/** A job as `sync/status` shows it. */
export interface RefreshJob {
  /** `sync_<n>`, as the request was answered. */
  readonly id: string;
  /** `skipped`: the provider was not connected when its turn came. */
  readonly status: "queued" | "succeeded" | "failed" | "skipped";
  readonly requestedAt: string;
  readonly finishedAt?: string;
  readonly error?: string;
}

interface JobRow {
  readonly n: number;
  readonly provider: string;
  readonly requested_at: number;
  readonly finished_at: number | null;
  readonly outcome: string | null;
  readonly error: string | null;
}

const COLUMNS = "n, provider, requested_at, finished_at, outcome, error";

/** Queues a refresh; a waiting one of the same provider is joined. The id of the job. */
export async function queueRefresh(context: WorkspaceContext, provider: string): Promise<string> {
  const id = await context.store.commit((tx) => {
    const [waiting] = tx.sql.all<{ n: number }>(
      "SELECT n FROM refreshes WHERE outcome IS NULL AND provider = ?",
      [provider],
    );
    if (waiting !== undefined) return waiting.n;
    tx.sql.run("INSERT INTO refreshes (provider, requested_at) VALUES (?, ?)", [provider, tx.now]);
    const [added] = tx.sql.all<{ n: number }>("SELECT MAX(n) AS n FROM refreshes");
    return added?.n ?? 0;
  });
  context.wake(context.clock.now());
  return `sync_${id}`;
}

/** Does every waiting job, oldest first. */
export async function runRefreshes(context: WorkspaceContext, tree: TreeStore): Promise<void> {
  for (let job = nextJob(context); job !== null; job = nextJob(context)) {
    const connected = connections(context).some(({ provider }) => provider === job?.provider);
    const end = connected
      ? await refreshOnce(context, tree, job.provider)
      : { outcome: "skipped", error: null };
    const { n } = job;
    await context.store.commit((tx) => {
      tx.sql.run("UPDATE refreshes SET outcome = ?, error = ?, finished_at = ? WHERE n = ?", [
        end.outcome,
        end.error,
        tx.now,
        n,
      ]);
      tx.sql.run("DELETE FROM refreshes WHERE outcome IS NOT NULL AND n <= ?", [n - KEPT_MAX]);
    });
  }
}

/** True while a job waits. */
export function hasWaitingRefresh(context: WorkspaceContext): boolean {
  return nextJob(context) !== null;
}

/** The newest job of a provider, or null. */
export function newestRefresh(context: WorkspaceContext, provider: string): RefreshJob | null {
  const [row] = context.store.sql.all(
    `SELECT ${COLUMNS} FROM refreshes WHERE provider = ? ORDER BY n DESC LIMIT 1`,
    [provider],
  ) as unknown as JobRow[];
  if (row === undefined) return null;
  const iso = (at: number) => new Date(at).toISOString();
  return {
    id: `sync_${row.n}`,
    status: (row.outcome ?? "queued") as RefreshJob["status"],
    requestedAt: iso(row.requested_at),
    ...(row.finished_at === null ? {} : { finishedAt: iso(row.finished_at) }),
    ...(row.error === null ? {} : { error: row.error }),
  };
}

async function refreshOnce(context: WorkspaceContext, tree: TreeStore, provider: string) {
  try {
    const { failure } = await refreshProvider(context, tree, provider);
    return { outcome: failure === undefined ? "succeeded" : "failed", error: failure ?? null };
  } catch (thrown) {
    context.log.warn("queued refresh failed", { provider, error: messageOf(thrown) });
    return { outcome: "failed", error: "refresh failed" };
  }
}

function nextJob(context: WorkspaceContext): JobRow | null {
  const [row] = context.store.sql.all(
    `SELECT ${COLUMNS} FROM refreshes WHERE outcome IS NULL ORDER BY n LIMIT 1`,
  ) as unknown as JobRow[];
  return row ?? null;
}
