/** What a mirror holds that the server has not confirmed, told from the index and the disk without a daemon (W17). */
import { comparePaths } from "../model/path.ts";
import { type RelativeRemotePath, relativePathProblem, toRemotePath } from "../sync/remote-path.ts";
import { isPrunedDirectory, type MountNames, upExclusion } from "../sync/uploadable.ts";
import { readJson } from "./json-file.ts";
import { type RuntimeLayout, timestamp } from "./layout.ts";
import { openMirror } from "./mirror.ts";
import { OutboxRecord } from "./outbox.ts";
import { openStateDb } from "./state-db.ts";
import type { MountWorld } from "./world.ts";

/** One unconfirmed path. */
export interface PendingRow {
  readonly path: string;
  /** `queued` in the outbox, `accepted` and awaiting its operation, `drifted` or `untracked` on disk, `missing` from it. */
  readonly why: "queued" | "accepted" | "drifted" | "untracked" | "missing";
  readonly commandId: string | null;
  readonly opId: string | null;
  readonly revision: string | null;
  readonly attempts: number;
  readonly error: string | null;
  readonly ts: string | null;
}

/** Unconfirmed paths, sorted. A mirror without an index has only untracked files. */
export function listPending(
  world: MountWorld,
  mount: {
    readonly dir: string;
    readonly layout: RuntimeLayout;
    readonly remoteRoot: string;
    /** The index, absolute; may not exist. */
    readonly index: string;
  },
): PendingRow[] {
  const rows = new Map<string, PendingRow>();
  for (const record of outboxRecords(world, mount.layout)) {
    rows.set(record.remotePath, {
      path: record.remotePath,
      why: record.opId === undefined ? "queued" : "accepted",
      commandId: record.commandId,
      opId: record.opId ?? null,
      revision: record.revision ?? record.expectedRevision ?? null,
      attempts: record.attemptCount,
      error: record.lastError ?? null,
      ts: record.lastAttemptAt ?? record.firstSeenAt,
    });
  }
  for (const row of diskRows(world, mount)) if (!rows.has(row.path)) rows.set(row.path, row);
  return [...rows.values()].sort((a, b) => comparePaths(a.path, b.path));
}

function outboxRecords(world: MountWorld, layout: RuntimeLayout): OutboxRecord[] {
  const directory = `${layout.outbox}/pending`;
  if (world.fs.lstat(directory)?.kind !== "directory") return [];
  return world.fs.readDir(directory).flatMap(({ name }) => {
    if (!name.endsWith(".json") || name.startsWith(".")) return [];
    const read = readJson(world.fs, `${directory}/${name}`);
    const parsed = read !== null && "value" in read ? OutboxRecord.safeParse(read.value) : null;
    return parsed?.success ? [parsed.data] : [];
  });
}

/** Compares the disk with the index; files that may not be written are nobody's pending work. */
function diskRows(world: MountWorld, mount: Parameters<typeof listPending>[1]): PendingRow[] {
  const database = world.fs.lstat(mount.index) === null ? null : world.openDatabase(mount.index);
  const db = database === null ? null : openStateDb(database);
  try {
    const names: MountNames = {
      remoteRoot: mount.remoteRoot,
      rootName: mount.dir.slice(mount.dir.lastIndexOf("/") + 1),
      foldsCase: false,
    };
    const mirror = openMirror(mount.dir, world.fs, world.sha256, () => world.clock.now());
    const rows: PendingRow[] = [];
    const seen = new Set<string>();
    for (const rel of filesBelow(world, mount.dir, names)) {
      const path = db?.remoteOfRel(rel) ?? toRemotePath(mount.remoteRoot, rel);
      const entry = db?.get(path);
      seen.add(path);
      const tracked = entry !== undefined && entry.revision !== null;
      if (upExclusion(rel, tracked, names) !== null || entry?.writeDenied) continue;
      const local = mirror.inspect(rel, entry);
      if (local?.kind !== "file" || (tracked && local.hash === entry.hash) || isReadOnly(local.stat.mode))
        continue;
      rows.push(
        row(path, tracked ? "drifted" : "untracked", entry?.revision ?? null, timestamp(local.stat.mtimeMs)),
      );
    }
    for (const entry of db?.entries.values() ?? []) {
      if (entry.revision === null || entry.unplaced || entry.readDenied || entry.writeDenied) continue;
      if (seen.has(entry.remotePath)) continue;
      if (upExclusion(entry.rel as RelativeRemotePath, true, names) !== null) continue;
      rows.push(row(entry.remotePath, "missing", entry.revision, null));
    }
    return rows;
  } finally {
    db?.close();
  }
}

function filesBelow(world: MountWorld, root: string, names: MountNames): RelativeRemotePath[] {
  const found: RelativeRemotePath[] = [];
  const walk = (prefix: string, depth: number) => {
    for (const { name, kind } of world.fs.readDir(prefix === "" ? root : `${root}/${prefix}`)) {
      const rel = prefix === "" ? name : `${prefix}/${name}`;
      if (kind === "directory" && !isPrunedDirectory(name, depth, names)) walk(rel, depth + 1);
      else if (kind === "file" && relativePathProblem(rel) === null) found.push(rel as RelativeRemotePath);
    }
  };
  if (world.fs.lstat(root)?.kind === "directory") walk("", 0);
  return found;
}

function isReadOnly(mode: number): boolean {
  return (mode & 0o222) === 0;
}

function row(path: string, why: PendingRow["why"], revision: string | null, ts: string | null): PendingRow {
  return { path, why, commandId: null, opId: null, revision, attempts: 0, error: null, ts };
}
