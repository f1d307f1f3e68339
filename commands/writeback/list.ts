/** `relayfile writeback list`: one row per save that waits, or that was refused. */
import { fail } from "../../lib/errors.ts";
import { segmentsOf } from "../../lib/model/path.ts";
import { listDeadLetters, readSidecar } from "../../lib/mount/dead-letter.ts";
import { listPending } from "../../lib/mount/pending-list.ts";
import { type CommandContext, type CommandResult, command } from "../_command.ts";
import { findMirror, type LocalMirror, mountWorld, privateStateOf, stateOf } from "../_mount.ts";
import { WRITEBACK_ARGS } from "./_args.ts";

/** One row; fields that are unknown are null. */
export interface WritebackRow {
  readonly id: string;
  readonly workspaceId: string | null;
  readonly path: string;
  readonly revision: string;
  readonly correlationId: string;
  readonly state: "pending" | "dead";
  readonly why: string;
  readonly provider: string | null;
  readonly ts: string | null;
  readonly code: string | null;
  readonly message: string | null;
  readonly providerStatus: number | null;
  readonly attempts: number;
}

export default command({
  name: "list",
  description: "List saves that wait, or that were refused",
  args: {
    ...WRITEBACK_ARGS,
    state: { type: "enum", options: ["pending", "dead"], description: "Which saves (required)" },
    provider: { type: "string", valueHint: "P", description: "Only paths of this provider" },
  },
  examples: [
    ["relayfile writeback list --state dead", "refused saves with their reasons"],
    ["relayfile writeback list --state pending --json", "everything the server has not confirmed"],
  ],
  run: async (args, context) => {
    const { state } = args;
    if (state === undefined)
      fail("usage", "--state is needed: pending or dead", { hint: "relayfile writeback list --state dead" });
    const mirror = await findMirror(args, context);
    const rows = state === "dead" ? deadRows(mirror, context) : await pendingRows(mirror, context);
    const wanted =
      args.provider === undefined ? rows.items : rows.items.filter((row) => row.provider === args.provider);
    return {
      document: {
        schemaVersion: "1.0",
        kind: "relayfile.writeback-list",
        workspaceId: mirror.workspaceId,
        state,
        items: wanted,
        malformed: rows.malformed,
      } as CommandResult["document"],
      exit: "PASS",
    };
  },
});

interface Rows {
  readonly items: readonly WritebackRow[];
  readonly malformed: readonly { readonly file: string; readonly reason: string }[];
}

function deadRows(mirror: LocalMirror, context: CommandContext): Rows {
  const { fs } = context.ports;
  const directory = mirror.layout?.deadLetters;
  if (directory === undefined) return { items: [], malformed: [] };
  const { records, malformed } = listDeadLetters(fs, directory);
  const items = records.map((record): WritebackRow => {
    const sidecar = readSidecar(fs, directory, record.opId);
    const ts =
      text(sidecar?.lastAttemptAt) ?? record.ts ?? record.lastAttemptedAt ?? record.createdAt ?? null;
    return {
      id: record.opId,
      workspaceId: mirror.workspaceId,
      path: record.path,
      revision: record.baseRevision ?? "",
      correlationId: record.commandId ?? "",
      state: "dead",
      why: record.stage ?? "refused",
      provider: segmentsOf(record.path)[0] ?? null,
      ts,
      code: text(sidecar?.code) ?? record.code ?? null,
      message: text(sidecar?.message) ?? record.message ?? record.lastBody ?? null,
      providerStatus: record.lastStatus ?? null,
      attempts: record.attempts,
    };
  });
  return { items, malformed };
}

async function pendingRows(mirror: LocalMirror, context: CommandContext): Promise<Rows> {
  if (mirror.dir === null || mirror.layout === null) return { items: [], malformed: [] };
  const world = await mountWorld(context);
  const remoteRoot = stateOf(mirror)?.remoteRoot ?? "/";
  const { database: index } = privateStateOf(mirror, context, world.sha256);
  const items = listPending(world, { dir: mirror.dir, layout: mirror.layout, remoteRoot, index }).map(
    (row): WritebackRow => ({
      id: row.commandId ?? row.path,
      workspaceId: mirror.workspaceId,
      path: row.path,
      revision: row.revision ?? "",
      correlationId: row.commandId ?? "",
      state: "pending",
      why: row.why,
      provider: segmentsOf(row.path)[0] ?? null,
      ts: row.ts,
      code: null,
      message: row.error,
      providerStatus: null,
      attempts: row.attempts,
    }),
  );
  return { items, malformed: [] };
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
