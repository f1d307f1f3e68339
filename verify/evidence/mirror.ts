/** The content of a mirror beside the server's: the only evidence for freshness, because lag and status can lie. */
import { RUNTIME_DIR } from "../../lib/model/mount-state.ts";
import { sha256Hex } from "../../lib/model/sha256.ts";
import { absent, type ComparedFile, defineEvidence, type EvidenceContext } from "../evidence.ts";
import { type BulkFile, readMany } from "./_bulk.ts";
import { jsonObjectOf } from "./_files.ts";

const COMPARED_MAX = 20;
const LOCAL_BYTES_MAX = 2 * 1024 * 1024;
const SECOND_LOOK_MS = 1_500;

interface Tracked {
  readonly path: string;
  readonly local: string;
  readonly revision: string | null;
  readonly status: string;
  readonly editedAtMs: number;
}

/** Twenty tracked files, digests first, then those changed last; a difference is looked at twice. */
export default defineEvidence({
  name: "mirror",
  effect: "read",
  reads: "twenty files of the mount and POST {fileApi}/v1/workspaces/{id}/fs/bulk-read of the same paths",
  collect: async (context) => {
    const dir = context.target.mountDir;
    if (dir === null) return absent("nothing refers to a mount");
    const state = stateOf(context, `${dir}/${RUNTIME_DIR}/state.json`);
    const none = { probe: null, tracked: 0, compared: [], collectedAtMs: context.clock.now() };
    if (state === null) return { ...none, problem: "there is no state file that lists tracked files" };
    const access = await context.get("access");
    if (access.gap !== undefined) return { ...none, problem: access.reason };
    const files = state.files;
    if (typeof files !== "object" || files === null) {
      return { ...none, problem: "the state file lists no tracked files" };
    }
    const tracked = Object.entries(files as Record<string, Record<string, unknown> | null>);
    const remoteRoot = typeof state.remoteRoot === "string" ? state.remoteRoot.replace(/\/$/, "") : "";
    const chosen = choose(
      tracked.flatMap(([path, entry]) => {
        const local = dir + path.slice(path.startsWith(`${remoteRoot}/`) ? remoteRoot.length : 0);
        const stat = lstat(context, local);
        const readable = stat !== null && stat.kind === "file" && stat.sizeBytes <= LOCAL_BYTES_MAX;
        const revision = typeof entry?.revision === "string" ? entry.revision : null;
        const status = typeof entry?.status === "string" ? entry.status : "";
        return readable ? [{ path, local, revision, status, editedAtMs: stat.mtimeMs }] : [];
      }),
    );
    let { probe, compared } = await compare(context, chosen);
    if (compared.some(differs)) {
      // A change may be on its way this very moment: what still differs after a pause does so for a reason.
      await context.clock.sleep(SECOND_LOOK_MS, context.signal).catch(() => {
        // The run ends: the first look is what there is.
      });
      ({ probe, compared } = await compare(context, chosen));
    }
    const problem =
      chosen.length > 0 && compared.length === 0
        ? `fs/bulk-read gave no usable answer (${probe?.status ?? probe?.failure})`
        : null;
    return { probe, tracked: tracked.length, compared, problem, collectedAtMs: context.clock.now() };
  },
});

async function compare(context: EvidenceContext, chosen: readonly Tracked[]) {
  const { probe, files } = await readMany(
    context,
    chosen.map(({ path }) => path),
  );
  const compared = chosen.flatMap((tracked): ComparedFile[] => {
    const remote = files.get(tracked.path);
    return remote === undefined ? [] : [pairOf(context, tracked, remote)];
  });
  return { probe, compared };
}

function pairOf(context: EvidenceContext, tracked: Tracked, remote: BulkFile): ComparedFile {
  const stat = lstat(context, tracked.local);
  return {
    path: tracked.path,
    exchangeId: remote.exchangeId,
    local: hashOf(context, tracked.local),
    remote: remote.sha256,
    remoteStatus: remote.state,
    remoteRevision: remote.revision,
    remoteEditedAt: remote.lastEditedAt,
    knownRevision: tracked.revision,
    status: tracked.status,
    localEditedAt: stat === null ? null : new Date(stat.mtimeMs).toISOString(),
  };
}

function differs({ local, remote }: ComparedFile): boolean {
  return local !== null && remote !== null && local !== remote;
}

/** Digests first, since they change all the time; then the most recently changed files. */
function choose(files: readonly Tracked[]): Tracked[] {
  const digest = (file: Tracked) => file.path.startsWith("/digests/");
  const recent = [...files].sort((a, b) => b.editedAtMs - a.editedAtMs || (a.path < b.path ? -1 : 1));
  return [...recent.filter(digest).slice(0, 5), ...recent.filter((file) => !digest(file))].slice(
    0,
    COMPARED_MAX,
  );
}

function hashOf(context: EvidenceContext, path: string): string | null {
  try {
    return sha256Hex(context.fs.readFile(path));
  } catch {
    // It vanished while we looked: that is the next cycle's business.
    return null;
  }
}

function stateOf(context: EvidenceContext, path: string): Record<string, unknown> | null {
  try {
    const parsed = jsonObjectOf(new TextDecoder().decode(context.fs.readFile(path)));
    return "value" in parsed ? parsed.value : null;
  } catch {
    // A missing state file is told by the checks of the mount.
    return null;
  }
}

function lstat(context: EvidenceContext, path: string) {
  try {
    return context.fs.lstat(path);
  } catch {
    // A path below something that is no directory any more.
    return null;
  }
}
