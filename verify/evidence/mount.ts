/** The mirror on this machine: its root, its public state, its daemon and its dead letters. Reads only. */
import { osCodeOf } from "../../lib/errors.ts";
import { isSafeOpId, parseDeadLetter } from "../../lib/model/dead-letter.ts";
import { MountState, type PidRecord, parsePidRecord, RUNTIME_DIR } from "../../lib/model/mount-state.ts";
import { absent, defineEvidence, type EvidenceContext, type MountFact } from "../evidence.ts";
import { decodeText, jsonObjectOf } from "./_files.ts";

const RECORDS_MAX = 500;

/** `lstat` of the root, `.relay/state.json`, `.relay/mount.pid` and pending deletes. */
export const mount = defineEvidence({
  name: "mount",
  effect: "read",
  reads: "the mount directory, .relay/state.json and .relay/mount.pid",
  collect: async (context) => {
    const dir = context.target.mountDir;
    if (dir === null) return absent("nothing refers to a mount");
    const runtime = `${dir}/${RUNTIME_DIR}`;
    return {
      dir: shorten(context, dir),
      source: context.target.sources.mountDir ?? null,
      root: rootKind(context, dir),
      incidents: namesIn(context, runtime).filter((name) => /^INCIDENT-.*\.md$/.test(name)),
      state: readState(context, `${runtime}/state.json`),
      pid: readPid(context, `${runtime}/mount.pid`),
      pendingDeletes: readPendingDeletes(context, `${runtime}/pending-deletes`),
      collectedAtMs: context.clock.now(),
    };
  },
});

/** `.relay/dead-letter/*.json`; a missing directory is healthy. */
export const deadLetters = defineEvidence({
  name: "deadLetters",
  effect: "read",
  reads: ".relay/dead-letter/*.json of the mount",
  collect: async (context) => {
    const mountDir = context.target.mountDir;
    if (mountDir === null) return absent("nothing refers to a mount");
    const dir = `${mountDir}/${RUNTIME_DIR}/dead-letter`;
    // A sidecar explains the payload beside it; it is not a record of its own.
    const names = namesIn(context, dir).filter(
      (name) => name.endsWith(".json") && !name.endsWith(".error.json"),
    );
    const parsed = names.slice(0, RECORDS_MAX).map((file) => {
      const opId = file.slice(0, -".json".length);
      const text = readText(context, `${dir}/${file}`);
      const result =
        text === null || !isSafeOpId(opId) ? { reason: "cannot be read" } : parseDeadLetter(text, opId);
      return { file, result };
    });
    return {
      dir: shorten(context, dir),
      records: parsed.flatMap(({ result }) => ("record" in result ? [result.record] : [])),
      malformed: parsed.flatMap(({ file, result }) =>
        "reason" in result ? [{ file, reason: result.reason }] : [],
      ),
    };
  },
});

function rootKind(context: EvidenceContext, dir: string): MountFact["root"] {
  try {
    return context.fs.lstat(dir)?.kind ?? "missing";
  } catch (thrown) {
    return osCodeOf(thrown) === "ENOTDIR" ? "missing" : "unreadable";
  }
}

function readState(context: EvidenceContext, path: string): MountFact["state"] {
  const text = readText(context, path);
  if (text === null) return { status: "missing", problem: null, modifiedAtMs: null, value: null };
  const parsed = jsonObjectOf(text);
  if ("problem" in parsed)
    return { status: "invalid", problem: parsed.problem, modifiedAtMs: null, value: null };
  const state = MountState.safeParse(parsed.value);
  if (!state.success) {
    const issue = state.error.issues[0];
    return {
      status: "invalid",
      problem: `${issue?.path.join(".")}: ${issue?.message}`,
      modifiedAtMs: null,
      value: null,
    };
  }
  // The file table can be as large as the mirror and no check looks at it.
  const { files: _files, ...rest } = state.data as MountState & { files?: unknown };
  const localRoot = rest.localRoot === undefined ? undefined : shorten(context, rest.localRoot);
  return {
    status: "ok",
    problem: null,
    modifiedAtMs: context.fs.lstat(path)?.mtimeMs ?? null,
    value: { ...rest, localRoot },
  };
}

function readPid(context: EvidenceContext, path: string): MountFact["pid"] {
  const text = readText(context, path);
  if (text === null) return null;
  const record: PidRecord | null = parsePidRecord(text);
  if (record === null) return { record: null, alive: false, executable: null };
  return {
    record: {
      ...record,
      localDir: record.localDir && shorten(context, record.localDir),
      logFile: record.logFile && shorten(context, record.logFile),
      executable: record.executable && shorten(context, record.executable),
    },
    alive: context.host.isAlive(record.pid),
    executable: shortenOrNull(context, context.host.executableOf(record.pid)),
  };
}

function readPendingDeletes(context: EvidenceContext, dir: string): MountFact["pendingDeletes"] {
  const names = namesIn(context, dir).filter((name) => name.endsWith(".json"));
  const times = names.slice(0, RECORDS_MAX).flatMap((name) => {
    const parsed = jsonObjectOf(readText(context, `${dir}/${name}`) ?? "");
    const at = "value" in parsed ? parsed.value.firstObservedAt : undefined;
    return typeof at === "string" ? [at] : [];
  });
  return { count: names.length, oldestAt: times.sort()[0] ?? null };
}

/** Names in a directory, sorted; none when it does not exist or cannot be read. */
function namesIn(context: EvidenceContext, dir: string): string[] {
  try {
    return context.fs
      .readDir(dir)
      .map((entry) => entry.name)
      .sort();
  } catch {
    // A missing directory is healthy; an unreadable one shows in the facts about the root.
    return [];
  }
}

function readText(context: EvidenceContext, path: string): string | null {
  try {
    return decodeText(context.fs.readFile(path));
  } catch {
    // Absent and unreadable files are facts of their own: the caller reports what it could not read.
    return null;
  }
}

/** The path with `~` for the home directory: reports are shared. */
function shorten(context: EvidenceContext, path: string): string {
  const home = context.host.homeDir;
  return home !== null && path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}

function shortenOrNull(context: EvidenceContext, path: string | null): string | null {
  return path === null ? null : shorten(context, path);
}
