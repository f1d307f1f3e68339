/** Everything known about one path, in the order in which a person would ask. */
import type { MountState } from "../model/mount-state.ts";
import { type RelativeRemotePath, relativePathProblem, toRemotePath } from "../sync/remote-path.ts";
import type { PlacementProblem } from "../sync/safety.ts";
import { upExclusion } from "../sync/uploadable.ts";
import { listConflicts } from "./conflicts.ts";
import { listDeadLetters } from "./dead-letter.ts";
import type { Entry } from "./entry.ts";
import { type RuntimeLayout, timestamp } from "./layout.ts";
import { openMirror } from "./mirror.ts";
import { listPending } from "./pending-list.ts";
import { openStateDb, type StateDb } from "./state-db.ts";
import type { MountWorld } from "./world.ts";

/** What is known about a path. Null means "not known" or "does not apply". */
export interface PathStory {
  readonly path: string;
  readonly remotePath: string;
  /** One word for the state. `local-only`: it is here and will not be sent as it is. */
  readonly state:
    | "in-step"
    | "pending"
    | "refused"
    | "conflict"
    | "excluded"
    | "local-only"
    | "not-placed"
    | "missing"
    | "unknown";
  /** Why, in one sentence. */
  readonly because: string;
  readonly local: { readonly hash: string; readonly bytes: number } | null;
  readonly revision: string | null;
  readonly agreedHash: string | null;
  readonly deadLetters: readonly string[];
  /** When the mirror last compared itself with the server, RFC 3339. */
  readonly asOf: string | null;
  /** Commands that a person would run next; `safe`: it can lose nothing. */
  readonly next: readonly { readonly argv: readonly string[]; readonly safe: boolean }[];
}

/** The mirror that is asked about. */
export interface AskedMirror {
  readonly dir: string;
  readonly layout: RuntimeLayout;
  readonly remoteRoot: string;
  /** The index, absolute; may not exist. */
  readonly index: string;
  /** How commands call its workspace. */
  readonly workspace: string;
  /** The command that starts its daemon. */
  readonly start: readonly string[];
  /** What its daemon last said of itself; null when that is not known. */
  readonly state: MountState | null;
  readonly running: boolean;
  /** Larger files stay here; null: no limit. */
  readonly writebackBytesMax: number | null;
}

type Told = Pick<PathStory, "state" | "because" | "next">;

/** Tells the story of one path below a mirror. Reads only. */
export function whyPath(world: MountWorld, mount: AskedMirror, rel: string): PathStory {
  return withIndex(world, mount.index, (db) => {
    const look = lookAt(world, mount, rel, db);
    const { state, because, next } = tell(world, mount, look);
    const { entry, local, remotePath, letters } = look;
    return {
      path: rel,
      remotePath,
      state,
      because,
      local,
      revision: entry?.revision ?? null,
      agreedHash: entry?.hash || null,
      deadLetters: letters,
      asOf: asOf(mount, entry),
      next,
    };
  });
}

interface Look {
  readonly rel: string;
  readonly remotePath: string;
  readonly entry: Entry | undefined;
  readonly local: PathStory["local"];
  /** What is in the way of a file at this path, or null. */
  readonly obstacle: PlacementProblem | null;
  readonly isLink: boolean;
  /** Anything at all is at the path. */
  readonly exists: boolean;
  /** Why the last try to place it failed, or null. */
  readonly stuck: string | null;
  readonly letters: readonly string[];
}

function lookAt(world: MountWorld, mount: AskedMirror, rel: string, db: StateDb | null): Look {
  const remotePath = db?.remoteOfRel(rel) ?? toRemotePath(mount.remoteRoot, rel as RelativeRemotePath);
  const mirror = openMirror(mount.dir, world.fs, world.sha256, () => world.clock.now());
  const isName = relativePathProblem(rel) === null;
  const file = isName ? mirror.read(rel as RelativeRemotePath) : null;
  const stat = world.fs.lstat(`${mount.dir}/${rel}`);
  return {
    rel,
    remotePath,
    entry: db?.get(remotePath),
    local: file === null ? null : { hash: world.sha256(file.bytes), bytes: file.bytes.byteLength },
    obstacle: isName ? mirror.problemAt(rel as RelativeRemotePath) : null,
    isLink: stat?.kind === "symlink",
    exists: stat !== null,
    stuck: db?.problems.get(remotePath)?.message ?? null,
    letters: lettersOf(world, mount.layout, remotePath),
  };
}

function tell(world: MountWorld, mount: AskedMirror, look: Look): Told {
  const { rel, remotePath, entry, local, letters } = look;
  const at = ["--mount", mount.dir];
  const problem = relativePathProblem(rel);
  if (problem !== null)
    return look.exists
      ? told("local-only", `it is here and is not sent: ${problem}`)
      : told("excluded", problem);
  const inTheWay = obstacleStory(look);
  if (inTheWay !== null) return inTheWay;
  const tracked = entry !== undefined && entry.revision !== null;
  const names = {
    remoteRoot: mount.remoteRoot,
    rootName: mount.dir.slice(mount.dir.lastIndexOf("/") + 1),
    foldsCase: false,
  };
  const excluded = upExclusion(rel as RelativeRemotePath, tracked, names);
  if (excluded !== null) {
    const never = `names like this are never uploaded (${excluded})`;
    if (local === null && tracked)
      return told("missing", `the server has it and it is missing here; ${never}`, [seeThere(mount, look)]);
    return told("excluded", never);
  }
  const [letter] = letters;
  if (letter !== undefined)
    return told("refused", "a save of it was refused", [
      { argv: ["relayfile", "writeback", "show", "--opId", letter, ...at], safe: true },
      { argv: ["relayfile", "writeback", "retry", "--opId", letter, ...at], safe: false },
    ]);
  if (listConflicts({ world, layout: mount.layout }).some((artifact) => artifact.rel === rel))
    return told("conflict", "it changed on both sides and both versions are kept", [
      { argv: ["relayfile", "conflicts", "--path", rel, ...at], safe: true },
    ]);
  if (look.stuck !== null) return told("not-placed", `it cannot be placed here: ${look.stuck}`);
  if (local === null && entry?.deletePending) return deleteStory(mount);
  const limit = mount.writebackBytesMax;
  if (local !== null && limit !== null && local.bytes > limit && local.hash !== entry?.hash) {
    const what = tracked ? "what changed here stays here only" : "it stays here only";
    return told(
      "local-only",
      `it is ${local.bytes} bytes, larger than the upload limit of ${limit}: ${what}`,
    );
  }
  if (local === null && entry?.readDenied)
    return told("not-placed", "the server does not let this mirror's token read it");
  if (local === null && entry?.unplaced)
    return withDaemon(
      mount,
      "not-placed",
      `the server has it and it was not placed here yet${lastError(mount)}`,
    );
  const pending = listPending(world, mount).find((row) => row.path === remotePath);
  if (pending !== undefined) {
    const why = PENDING[pending.why] + (pending.error === null ? "" : `: ${pending.error}`);
    return withDaemon(mount, "pending", why);
  }
  return ended(mount, look);
}

/** What is left: nothing is under way. */
function ended(mount: AskedMirror, look: Look): Told {
  const { entry, local } = look;
  const revision = entry?.revision ?? null;
  if (local === null && revision === null) {
    const begun = mount.state?.bootstrap ?? null;
    if (begun === null) return withDaemon(mount, "unknown", "neither side is known to have it");
    return withDaemon(
      mount,
      "not-placed",
      `it is not here; the first copy of this mirror has not ended, so the server may have it${lastError(mount)}`,
    );
  }
  if (local === null) return withDaemon(mount, "missing", "the server has it and it is not here");
  if (local.hash !== entry?.hash)
    return told("local-only", "it differs from what the server has, and may not be written with this token");
  const when = asOf(mount, entry);
  const before = `both sides had the same bytes when they were last compared${when === null ? "" : `, at ${when}`}`;
  if (!mount.running)
    return told("in-step", `${before}; no daemon runs, so what happened on the server since is not known`, [
      seeThere(mount, look),
      start(mount),
    ]);
  const { verdict, verdictReason } = (mount.state ?? {}) as Record<string, unknown>;
  return verdict === "degraded" || verdict === "halted"
    ? told("in-step", `${before}; since then: ${verdictReason}`, [seeThere(mount, look)])
    : told("in-step", "both sides have the same bytes");
}

/** A path where something else than a file is, or above which something else than a directory is. */
function obstacleStory({ obstacle, isLink, entry, stuck }: Look): Told | null {
  if (obstacle === null) return null;
  const known = (entry?.revision ?? null) !== null || stuck !== null;
  const tail = known ? "; the server has a file of this name" : "";
  switch (obstacle) {
    case "target_directory":
      return known
        ? told("not-placed", "it is a directory here, and the server has a file of this name")
        : told("excluded", "it is a directory: only files are synced, so ask about one below it");
    case "target_not_regular": {
      const what = isLink
        ? "it is a symbolic link here, and links are neither followed nor sent"
        : "it is a FIFO, a socket or a device here, and only files are sent";
      return told(known ? "not-placed" : "local-only", what + tail);
    }
    case "parent_symlink": {
      const what = "a directory above it is a symbolic link here, and what lies behind links is not sent";
      return told(known ? "not-placed" : "local-only", what + tail);
    }
    case "parent_not_directory":
      return known ? told("not-placed", `a file is here where it needs a directory${tail}`) : null;
  }
}

/** A delete that the server has not been told: held until a person decides, or about to be sent. */
function deleteStory(mount: AskedMirror): Told {
  const held = mount.state?.heldDeletes as { reason?: string; paths?: number } | undefined;
  if (held === undefined) return withDaemon(mount, "pending", PENDING.missing);
  const resume = ["relayfile", "mount", "resume", mount.workspace, "--local-dir", mount.dir];
  return told(
    "pending",
    `it was deleted here, and the delete is held (${held.reason}, ${held.paths} files) until you decide; the server still has it`,
    [
      { argv: [...resume, "--restore"], safe: true },
      { argv: [...resume, "--confirm-deletes"], safe: false },
    ],
  );
}

const PENDING = {
  queued: "a save of it is in the outbox",
  accepted: "the server has it and its operation has not ended",
  drifted: "it changed here and has not been picked up yet",
  untracked: "it is new here and has not been picked up yet",
  missing: "it is gone here and the server still has it",
} as const;

function told(state: Told["state"], because: string, next: Told["next"] = []): Told {
  return { state, because, next };
}

/** A state that a running daemon would end. */
function withDaemon(mount: AskedMirror, state: Told["state"], because: string): Told {
  if (mount.running) return told(state, because);
  return told(state, `${because}; no daemon runs for this mirror`, [start(mount)]);
}

function start(mount: AskedMirror): Told["next"][number] {
  return { argv: mount.start, safe: true };
}

function seeThere(mount: AskedMirror, { remotePath }: Look): Told["next"][number] {
  return { argv: ["relayfile", "cat", mount.workspace, remotePath], safe: true };
}

function asOf(mount: AskedMirror, entry: Entry | undefined): string | null {
  const compared = mount.state?.lastSuccessfulReconcileAt;
  if (compared !== undefined) return compared;
  return entry === undefined || entry.seenAtMs === 0 ? null : timestamp(entry.seenAtMs);
}

function lastError(mount: AskedMirror): string {
  const message = mount.state?.lastError?.message;
  return message === undefined ? "" : `: ${message}`;
}

function lettersOf(world: MountWorld, layout: RuntimeLayout, remotePath: string): string[] {
  return listDeadLetters(world.fs, layout.deadLetters)
    .records.filter((record) => record.path === remotePath || record.path.split(",").includes(remotePath))
    .map((record) => record.opId);
}

function withIndex<T>(world: MountWorld, index: string, use: (db: StateDb | null) => T): T {
  if (world.fs.lstat(index) === null) return use(null);
  const db = openStateDb(world.openDatabase(index));
  try {
    return use(db);
  } finally {
    db.close();
  }
}
