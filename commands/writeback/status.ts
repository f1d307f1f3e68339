/** `relayfile writeback status`: reads local files only, so it works offline and without credentials (PR #84). */
import type { DeadLetter } from "../../lib/model/dead-letter.ts";
import { segmentsOf } from "../../lib/model/path.ts";
import { listDeadLetters } from "../../lib/mount/dead-letter.ts";
import { type CommandContext, type CommandResult, command } from "../_command.ts";
import { findMirror, stateOf } from "../_mount.ts";
import { WRITEBACK_ARGS } from "./_args.ts";

/** `relayfile.writeback-status`. Empty collections are `[]` and `{}`. */
export interface WritebackStatusDocument {
  readonly schemaVersion: "1.0";
  readonly kind: "relayfile.writeback-status";
  readonly workspaceId: string | null;
  readonly name: string | null;
  /** The mirror, absolute; null when none is configured. */
  readonly localDir: string | null;
  readonly pending: number;
  /** Lifetime count of refused write answers: telemetry, never health. */
  readonly failed: number;
  readonly deadLettered: readonly {
    readonly opId: string;
    readonly path: string;
    readonly lastStatus: number | null;
    readonly ts: string | null;
  }[];
  /** Records that cannot be read; they count as unresolved and are left byte for byte. */
  readonly malformed: readonly { readonly file: string; readonly reason: string }[];
  readonly lastErrorByProvider: Readonly<Record<string, string>>;
}

export default command({
  name: "status",
  description: "Count pending and refused saves; exit 1 only for unresolved dead letters",
  args: WRITEBACK_ARGS,
  examples: [
    ["relayfile writeback status", "is everything I saved where it belongs?"],
    ["relayfile writeback status demo --json", "the same for a script"],
  ],
  run: (args, context) => writebackStatus(args, context),
});

/** The status of one mirror. Missing state or dead-letter directory is healthy. */
export async function writebackStatus(
  args: { readonly ws?: string; readonly workspace?: string; readonly mount?: string },
  context: CommandContext,
): Promise<CommandResult<WritebackStatusDocument>> {
  const mirror = await findMirror(args, context);
  const state = stateOf(mirror);
  const { records, malformed } =
    mirror.layout === null
      ? { records: [], malformed: [] }
      : listDeadLetters(context.ports.fs, mirror.layout.deadLetters);
  const damaged =
    mirror.state.kind === "damaged" ? [{ file: "state.json", reason: mirror.state.reason }] : [];
  const document: WritebackStatusDocument = {
    schemaVersion: "1.0",
    kind: "relayfile.writeback-status",
    workspaceId: mirror.workspaceId,
    name: mirror.name,
    localDir: mirror.dir,
    pending: state?.pendingWriteback ?? 0,
    failed: state?.failedWritebacks ?? 0,
    deadLettered: records.map(({ opId, path, lastStatus, ts, lastAttemptedAt, createdAt }) => ({
      opId,
      path,
      lastStatus: lastStatus ?? null,
      ts: ts ?? lastAttemptedAt ?? createdAt ?? null,
    })),
    malformed: [...malformed, ...damaged],
    lastErrorByProvider: lastErrors(state?.providers ?? [], records),
  };
  const unresolved = records.length + document.malformed.length;
  if (unresolved > 0) context.ports.log.error("writeback failures present", { unresolved });
  return { document, exit: unresolved > 0 ? "FINDINGS" : "PASS" };
}

/** The latest error per provider: what the sync status says, else the newest dead letter below its folder. */
function lastErrors(
  providers: readonly { readonly provider: string; readonly lastError?: string | null }[],
  records: readonly DeadLetter[],
): Record<string, string> {
  const errors = new Map<string, string>();
  const byTime = [...records].sort((a, b) => ((a.ts ?? "") < (b.ts ?? "") ? -1 : 1));
  for (const record of byTime) {
    const provider = segmentsOf(record.path)[0];
    const text = record.message ?? (record.lastBody || undefined);
    if (provider === undefined || text === undefined) continue;
    errors.set(provider, `${record.lastStatus ?? record.code ?? "refused"}: ${text.slice(0, 200)}`);
  }
  for (const { provider, lastError } of providers) {
    if (lastError !== undefined && lastError !== null && lastError !== "") errors.set(provider, lastError);
  }
  return Object.fromEntries([...errors].sort(([a], [b]) => (a < b ? -1 : 1)));
}
