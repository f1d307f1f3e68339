/**
 * `.relayfile-mount-state.json`: the index in the form older daemons and tools know. Taken over once from an older
 * daemon, written for tools while things change, never synced (design decision 16, spec mount-daemon 1.4.2).
 */
import { z } from "zod";
import { osCodeOf } from "../errors.ts";
import { belowRemoteRoot } from "../sync/remote-path.ts";
import type { Engine } from "./engine.ts";
import { blankEntry, isClean } from "./entry.ts";
import { readJson, writeAtomic } from "./json-file.ts";
import { artifactStamp, timestamp } from "./layout.ts";
import { PULL_META } from "./pull-meta.ts";

const LegacyState = z.looseObject({
  workspaceId: z.string().optional(),
  remoteRoot: z.string().optional(),
  eventsCursor: z.string().optional(),
  bootstrapComplete: z.boolean().optional(),
  lastAppliedRevision: z.string().optional(),
  files: z
    .record(
      z.string(),
      z.looseObject({
        revision: z.string().default(""),
        contentType: z.string().default(""),
        hash: z.string().default(""),
        dirty: z.boolean().optional(),
        localRelativePath: z.string().optional(),
        deletePending: z.boolean().optional(),
        denied: z.boolean().optional(),
        writeDenied: z.boolean().optional(),
        deniedHash: z.string().optional(),
      }),
    )
    .default({}),
});

/** Above this many files the export would cost more than it tells. */
const EXPORTED_FILES_MAX = 20_000;

/** Temporary siblings that older daemons left behind: exactly these names, nothing that only begins like them. */
const LEFTOVER = /^\.{1,2}relayfile-mount-state\.json\.tmp-.+$/;

/**
 * Takes over the index of an older daemon when ours is empty: the one in the mirror, or the one in `privateDir`. A file of
 * another workspace, or one that does not parse, is moved to quarantine beside our state and nothing is taken from it.
 * Answers with the number of files.
 */
export function importIndex(engine: Engine, privateDir: string, quarantine: string): number {
  const { fs } = engine.world;
  const { legacyState } = engine.layout;
  for (const { name, kind } of fs.readDir(engine.mirror.root)) {
    if (kind === "file" && LEFTOVER.test(name)) putAway(engine, `${engine.mirror.root}/${name}`, quarantine);
  }
  for (const file of [legacyState, `${privateDir}/state.json`]) {
    if (engine.db.entries.size > 0 || fs.lstat(file)?.kind !== "file") continue;
    const read = readJson(fs, file);
    const parsed = read !== null && "value" in read ? LegacyState.safeParse(read.value) : null;
    const state = parsed?.success ? parsed.data : null;
    const { workspaceId, remoteRoot } = engine.config;
    const ours =
      state !== null && state.workspaceId === workspaceId && (state.remoteRoot ?? "/") === remoteRoot;
    if (state !== null && ours) take(engine, state);
    const kept = putAway(engine, file, quarantine);
    engine.world.log.info("an older index was taken over", { files: engine.db.entries.size, ours, kept });
  }
  return engine.db.entries.size;
}

/** Moves a file to quarantine, also onto another disk; answers with its name there. */
function putAway(engine: Engine, file: string, quarantine: string): string {
  const { fs } = engine.world;
  fs.makeDir(quarantine, 0o700);
  const base = file.slice(file.lastIndexOf("/") + 1).replace(/^\.+/, "");
  const stem = `${engine.names.rootName}-${base}-${artifactStamp(engine.now())}`;
  let name = stem;
  for (let n = 2; fs.lstat(`${quarantine}/${name}`) !== null; n++) name = `${stem}-${n}`;
  try {
    fs.rename(file, `${quarantine}/${name}`);
  } catch (error) {
    if (osCodeOf(error) !== "EXDEV") throw error;
    fs.writeFile(`${quarantine}/${name}`, fs.readFile(file), { mode: 0o600, exclusive: true, sync: true });
    fs.unlink(file);
  }
  return name;
}

function take(engine: Engine, state: z.infer<typeof LegacyState>): void {
  engine.db.transaction(() => {
    for (const [remotePath, file] of Object.entries(state.files)) {
      const mapped = belowRemoteRoot(engine.config.remoteRoot, engine.names.rootName, remotePath);
      if ("problem" in mapped) continue;
      engine.db.put({
        ...blankEntry(remotePath, file.localRelativePath ?? mapped.rel),
        revision: file.revision === "" ? null : file.revision,
        hash: file.hash,
        contentType: file.contentType,
        deletePending: file.deletePending ?? false,
        readDenied: file.denied ?? false,
        writeDenied: file.writeDenied ?? false,
        refusedHash: file.deniedHash ?? "",
      });
    }
    // Not complete: the next pull compares everything, so a file that is missing comes back instead of being deleted.
    if (state.lastAppliedRevision) engine.db.setMeta(PULL_META.lastRevision, state.lastAppliedRevision);
  });
}

/** Writes the index for tools, unless nothing changed since the last time or the mirror is very large. */
export function exportIndex(engine: Engine): void {
  const { db, config } = engine;
  if (engine.health.rootProblem !== null || db.entries.size > EXPORTED_FILES_MAX) return;
  const same = db.isExported() && engine.outbox.pending.size === 0;
  if (same && engine.world.fs.lstat(engine.layout.legacyState) !== null) return;
  const document = {
    workspaceId: config.workspaceId,
    remoteRoot: config.remoteRoot,
    localRoot: config.localRoot,
    syncMode: config.syncMode,
    bootstrapComplete: db.meta(PULL_META.complete) === "1",
    eventsCursor: db.meta(PULL_META.cursor) ?? undefined,
    lastAppliedRevision: db.meta(PULL_META.lastRevision) ?? undefined,
    lastSuccessfulReconcileAt:
      engine.health.lastSuccessAtMs === null ? undefined : timestamp(engine.health.lastSuccessAtMs),
    counters: engine.health.counters,
  };
  const text = `${JSON.stringify(document).slice(0, -1)},"files":{${exportedFiles(engine)}}}`;
  writeAtomic(engine.world, engine.layout.legacyState, new TextEncoder().encode(text), { mode: 0o600 });
  db.markExported();
}

/** The members of `files` as text: one object with as many members as there are files is slow to build. */
function exportedFiles(engine: Engine): string {
  const members: string[] = [];
  for (const entry of engine.db.entries.values()) {
    const file = {
      revision: entry.revision ?? "",
      contentType: entry.contentType,
      hash: entry.hash,
      dirty: (!isClean(entry) && engine.outbox.unsentFor(entry.remotePath) !== undefined) || undefined,
      localRelativePath: entry.remotePath.endsWith(`/${entry.rel}`) ? undefined : entry.rel,
      deletePending: entry.deletePending || undefined,
      denied: entry.readDenied || undefined,
      writeDenied: entry.writeDenied || undefined,
      deniedHash: entry.refusedHash || undefined,
    };
    members.push(`${JSON.stringify(entry.remotePath)}:${JSON.stringify(file)}`);
  }
  return members.join(",");
}
