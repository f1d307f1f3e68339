/** What lies in a mirror's runtime area beside its state file: log, outbox, conflicts, denials, locks. Reads only. */
import { RUNTIME_DIR } from "../../lib/model/mount-state.ts";
import { absent, defineEvidence, type EvidenceContext, type MountAreaFact } from "../evidence.ts";
import { jsonObjectOf } from "./_files.ts";
import { summariseLog } from "./mount-log.ts";

const LOG_BYTES_MAX = 512 * 1024;
const LOG_AGE_MAX_MS = 24 * 3_600_000;
const RECORDS_MAX = 200;
const CONFLICTS_MAX = 100;
const PARENTS_MAX = 12;

/** `.relay/mount.log`, `outbox/pending`, `conflicts`, `permissions-denied.log`, `mount.lock`, and the mirrors above. */
export default defineEvidence({
  name: "mountArea",
  effect: "read",
  reads: ".relay/{mount.log,outbox,conflicts,permissions-denied.log,mount.lock} of the mount",
  collect: async (context) => {
    const dir = context.target.mountDir;
    if (dir === null) return absent("nothing refers to a mount");
    const area = `${dir}/${RUNTIME_DIR}`;
    const log = tailOf(context, `${area}/mount.log`);
    return {
      dir: short(context, dir),
      log: log === null ? null : summariseLog(log, context.clock.now() - LOG_AGE_MAX_MS),
      outbox: outboxOf(context, `${area}/outbox/pending`),
      conflicts: conflictsIn(context, `${area}/conflicts`),
      denials: denialsOf(tailOf(context, `${area}/permissions-denied.log`)),
      freeBytes: freeBytes(context, dir),
      writable: ((lstat(context, dir)?.mode ?? 0) & 0o222) !== 0,
      ...holders(context, dir, `${area}/mount.lock`),
      enclosing: enclosing(context, dir),
      collectedAtMs: context.clock.now(),
    };
  },
});

function outboxOf(context: EvidenceContext, dir: string): MountAreaFact["outbox"] {
  const records = names(context, dir)
    .filter((name) => name.endsWith(".json"))
    .slice(0, RECORDS_MAX)
    .flatMap((name) => {
      const parsed = jsonObjectOf(textOf(context, `${dir}/${name}`) ?? "");
      return "value" in parsed ? [parsed.value] : [];
    });
  const times = records
    .map(({ firstSeenAt }) => Date.parse(String(firstSeenAt)))
    .filter((ms) => !Number.isNaN(ms));
  return {
    count: records.length,
    oldestAtMs: times.length === 0 ? null : Math.min(...times),
    paths: records.flatMap(({ remotePath }) => (typeof remotePath === "string" ? [remotePath] : [])),
  };
}

function conflictsIn(context: EvidenceContext, root: string): string[] {
  const found: string[] = [];
  const walk = (dir: string, rel: string, depth: number) => {
    for (const name of names(context, dir)) {
      if (found.length >= CONFLICTS_MAX || depth > 20) return;
      const kind = lstat(context, `${dir}/${name}`)?.kind;
      // What a person has dealt with is kept under resolved/.
      if (kind === "directory" && !(depth === 0 && name === "resolved"))
        walk(`${dir}/${name}`, `${rel}${name}/`, depth + 1);
      if (kind === "file") found.push(rel + name);
    }
  };
  walk(root, "", 0);
  return found.sort();
}

function denialsOf(text: string | null): MountAreaFact["denials"] {
  const lines = (text ?? "").split("\n").filter((line) => line.trim() !== "");
  return { count: lines.length, last: lines.slice(-5) };
}

function holders(
  context: EvidenceContext,
  dir: string,
  lock: string,
): Pick<MountAreaFact, "lock" | "rivals"> {
  const parsed = jsonObjectOf(textOf(context, lock) ?? "");
  const pid = "value" in parsed ? Number(parsed.value.pid) : Number.NaN;
  const own = Number.isInteger(pid) && pid > 0 ? { pid, alive: context.host.isAlive(pid) } : null;
  const rivals = leaseHolders(context, dir).filter((held) => held !== own?.pid && context.host.isAlive(held));
  return { lock: own, rivals: [...new Set(rivals)].sort((a, b) => a - b) };
}

/** Pids in the leases that name this directory. Every tool that mounts leaves one in the user's cache. */
function leaseHolders(context: EvidenceContext, dir: string): number[] {
  const { env, homeDir } = context.host;
  const roots = [env.RELAYFILE_HOME, env.XDG_CACHE_HOME && `${env.XDG_CACHE_HOME}/relayfile`]
    .concat(homeDir === null ? [] : [`${homeDir}/.cache/relayfile`, `${homeDir}/Library/Caches/relayfile`])
    .filter((root): root is string => root !== undefined && root !== "");
  return roots.flatMap((root) =>
    names(context, `${root}/mount-leases`)
      .filter((name) => name.endsWith(".lock"))
      .flatMap((name) => {
        const parsed = jsonObjectOf(textOf(context, `${root}/mount-leases/${name}`) ?? "");
        if ("problem" in parsed || parsed.value.localRoot !== dir) return [];
        const pid = Number(parsed.value.pid);
        return Number.isInteger(pid) && pid > 0 ? [pid] : [];
      }),
  );
}

/** Mirrors in the directories above: an agent that looks for the nearest one finds the wrong workspace there. */
function enclosing(context: EvidenceContext, dir: string): MountAreaFact["enclosing"] {
  const found: MountAreaFact["enclosing"][number][] = [];
  let at = dir.slice(0, dir.lastIndexOf("/"));
  for (let n = 0; n < PARENTS_MAX && at !== ""; n++, at = at.slice(0, at.lastIndexOf("/"))) {
    const text = textOf(context, `${at}/${RUNTIME_DIR}/state.json`);
    if (text === null) continue;
    const parsed = jsonObjectOf(text);
    const id = "value" in parsed ? parsed.value.workspaceId : null;
    found.push({ dir: short(context, at), workspaceId: typeof id === "string" ? id : null });
  }
  return found;
}

function tailOf(context: EvidenceContext, path: string): string | null {
  try {
    const bytes = context.fs.readFile(path);
    return context.redactor.text(
      new TextDecoder().decode(bytes.subarray(Math.max(0, bytes.length - LOG_BYTES_MAX))),
    );
  } catch {
    // A mount in the foreground writes no log.
    return null;
  }
}

function textOf(context: EvidenceContext, path: string): string | null {
  try {
    return new TextDecoder().decode(context.fs.readFile(path));
  } catch {
    // Absent files are facts of their own.
    return null;
  }
}

function names(context: EvidenceContext, dir: string): string[] {
  try {
    return context.fs.readDir(dir).map(({ name }) => name);
  } catch {
    // A missing directory is healthy.
    return [];
  }
}

function lstat(context: EvidenceContext, path: string) {
  try {
    return context.fs.lstat(path);
  } catch {
    // What cannot be looked at is left to the checks of the root.
    return null;
  }
}

function freeBytes(context: EvidenceContext, dir: string): number | null {
  try {
    return context.fs.freeBytes(dir);
  } catch {
    // Some file systems do not tell.
    return null;
  }
}

function short(context: EvidenceContext, path: string): string {
  const home = context.host.homeDir;
  return home !== null && path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}
