/**
 * An upload met a newer remote version. Our own lost write is recognised, disjoint line edits are merged where the base
 * is known, and otherwise both versions are kept (spec mount-daemon 3.6).
 */
import { fail, isRelayfileError, messageOf } from "../errors.ts";
import { mergeableTexts } from "../sync/merge-eligible.ts";
import { mergeLines } from "../sync/merge-lines.ts";
import type { RelativeRemotePath } from "../sync/remote-path.ts";
import { applyRemote } from "./apply.ts";
import { conflictArtifact, listConflicts, resolveConflicts } from "./conflicts.ts";
import { type Engine, localOf, noteError, stageContext } from "./engine.ts";
import type { Pending } from "./outbox.ts";
import { accepted, type Refusal, readPassedOver, retryLater } from "./outcome.ts";
import type { RemoteFile, RemoteState } from "./remote.ts";
import { parentDirectory, placeAll } from "./stage.ts";

/** Settles one conflicting record. When the remote cannot be read the record stays and is tried again. */
export async function resolveUploadConflict(engine: Engine, item: Pending, refusal: Refusal): Promise<void> {
  const { record } = item;
  const path = record.remotePath;
  let state: RemoteState;
  try {
    state = await engine.remote.read(path);
  } catch (error) {
    // An answer that cannot be one, as of a server that takes one name for another, is no outage: a person hears of it.
    const status = isRelayfileError(error, "unexpected_answer") ? refusal.status : null;
    retryLater(engine, item, { ...refusal, status, message: messageOf(error) });
    return;
  }
  if (state.kind === "denied") {
    engine.outbox.fail(record.commandId, "conflict with a version that may not be read", true);
    return;
  }
  if (state.kind === "absent") {
    // Deleted there, changed here: the survivor goes up again as a new file.
    engine.db.forget(path);
    engine.outbox.update(record.commandId, { expectedRevision: "0", exists: false }, engine.now());
    return;
  }
  const { file } = state;
  if (file.hash === record.hash) {
    accepted(engine, item, { revision: file.revision, opId: null, opDone: true });
    return;
  }
  if (record.supersedes?.includes(file.hash)) {
    engine.outbox.update(record.commandId, { expectedRevision: file.revision, exists: true }, engine.now());
    return;
  }
  if (isStillTheBase(engine, item, file)) {
    engine.db.patch(path, { revision: file.revision });
    engine.outbox.update(record.commandId, { expectedRevision: file.revision }, engine.now());
    return;
  }
  if (mergeInto(engine, item, file)) return;
  keepBoth(engine, item, state);
}

/** True when the server has another revision of the very bytes that were edited here: nobody disagrees. */
function isStillTheBase(engine: Engine, { record }: Pending, file: RemoteFile): boolean {
  const base = engine.db.get(record.remotePath);
  return base?.revision === record.expectedRevision && base?.hash === file.hash;
}

/** Merges by lines when the bytes of the base are known; the merged file is a save like any other. */
function mergeInto(engine: Engine, item: Pending, remote: RemoteFile): boolean {
  const { record } = item;
  const base = engine.db.base(record.remotePath);
  if (base === null || base.revision !== record.expectedRevision) return false;
  const rel = record.localRelativePath as RelativeRemotePath;
  const local = engine.mirror.read(rel);
  if (local === null) return false;
  const texts = mergeableTexts(record.contentType, [base.bytes, local.bytes, remote.bytes]);
  if (texts === null) return false;
  const merged = mergeLines(texts[0] as string, texts[1] as string, texts[2] as string);
  if (merged.kind === "conflict") return false;
  const bytes = new TextEncoder().encode(merged.text);
  const placed = placeAll(stageContext(engine), [
    {
      rel,
      bytes,
      mode: 0o644,
      expect: local.stat,
      expectHash: engine.world.sha256(local.bytes),
      keepAs: null,
    },
  ])[0];
  if (placed?.kind !== "placed") return false;
  const before = engine.db.get(record.remotePath);
  if (before !== undefined) {
    engine.db.put({
      ...before,
      revision: remote.revision,
      hash: remote.hash,
      ...engine.mirror.seen(placed.stat, engine.world.sha256(bytes)),
    });
  }
  engine.db.keepBase(record.remotePath, remote.revision, remote.bytes, engine.now());
  engine.outbox.ack(record.commandId, "merged");
  engine.suspects.add(rel);
  engine.wake.local.call();
  engine.world.log.info("merged two edits of one file", { path: record.remotePath });
  return true;
}

/** Keeps the local bytes as an artifact and lets the remote ones take the place. */
function keepBoth(engine: Engine, item: Pending, state: Extract<RemoteState, { kind: "file" }>): void {
  const { record } = item;
  const { fs } = engine.world;
  const path = record.remotePath;
  const rel = record.localRelativePath as RelativeRemotePath;
  const local = engine.mirror.inspect(rel, engine.db.get(path));
  if (local === null || local.kind === "absent") {
    // The save is newer than nothing: its own bytes are the ones to keep.
    const artifact = conflictArtifact(engine, rel, record.expectedRevision ?? "0");
    const content = engine.outbox.content(record.commandId);
    fs.makeDir(parentDirectory(artifact));
    if (content !== null) {
      const bytes =
        record.encoding === "base64" ? Uint8Array.fromBase64(content) : new TextEncoder().encode(content);
      fs.writeFile(artifact, bytes, { exclusive: true, sync: true });
    }
  }
  engine.outbox.fail(
    record.commandId,
    "conflict: the remote version won, the local one was kept aside",
    false,
  );
  engine.db.patch(path, { refusedHash: "" });
  applyRemote(engine, new Map([[path, state]]));
  readPassedOver(engine, path);
  noteError(engine, {
    kind: "conflict",
    statusCode: 409,
    code: "revision_conflict",
    message: `${path} changed on both sides`,
  });
}

/** How a person settled one path. */
export interface Resolution {
  readonly path: string;
  readonly keep: "local" | "remote" | "both";
  /** Artifacts that were settled. */
  readonly artifacts: number;
}

/**
 * Settles the conflict of a path: `local` puts the kept bytes back as a new save, `both` puts them beside the file under
 * a name of their own, `remote` leaves the file as it is. The artifacts move to `resolved/`.
 */
export function resolveConflict(engine: Engine, path: string, keep: Resolution["keep"]): Resolution {
  const rel = relativeOf(engine, path);
  const artifacts = listConflicts(engine).filter((artifact) => artifact.rel === rel);
  const newest = artifacts.at(-1);
  if (newest === undefined) {
    fail("not_found", `no conflict is open for ${path}`, { path, hint: "relayfile conflicts" });
  }
  const { fs } = engine.world;
  if (keep !== "remote") {
    const target = (keep === "local" ? rel : besideName(rel, newest.revision)) as RelativeRemotePath;
    const bytes = fs.readFile(newest.file);
    const expect = engine.mirror.statOf(target);
    if (keep === "both" && expect !== null)
      fail("invalid_input", `${target} exists already`, { path: target });
    const placed = placeAll(stageContext(engine), [
      { rel: target, bytes, mode: 0o644, expect, expectHash: null, keepAs: null },
    ])[0];
    if (placed?.kind !== "placed") fail("io_error", `${target} could not be written`, { path: target });
    engine.suspects.add(target);
    engine.wake.local.call();
  }
  resolveConflicts(engine, rel);
  engine.wake.state.call();
  return { path, keep, artifacts: artifacts.length };
}

/** The local path of a conflict: given as a path below the root or as a remote path. */
function relativeOf(engine: Engine, path: string): string {
  const mapped = path.startsWith("/") ? localOf(engine, path) : { rel: path };
  return "rel" in mapped ? mapped.rel : path.slice(1);
}

function besideName(rel: string, revision: string): string {
  const dot = rel.lastIndexOf(".");
  const [stem, extension] = dot > rel.lastIndexOf("/") + 1 ? [rel.slice(0, dot), rel.slice(dot)] : [rel, ""];
  return `${stem}.mine-${revision}${extension}`;
}
