/**
 * The first copy as one stream: every file of the workspace in one answer, placed in batches while the rest is still on
 * its way. Only where the server offers it and little is here yet; anything unexpected leaves the rest to the listing.
 */
import { type FramedFile, FrameReader } from "../client/frames.ts";
import { fail, isRelayfileError, messageOf, RelayfileError } from "../errors.ts";
import { isShrunkenListing } from "../sync/safety.ts";
import { applyRemote } from "./apply.ts";
import { type Attempt, type BootstrapPlace, savePlace } from "./bootstrap.ts";
import { requireDirectories } from "./directory-limit.ts";
import { type Engine, localOf } from "./engine.ts";
import { hasVersion, isClean } from "./entry.ts";
import { placeNew } from "./place-new.ts";
import type { RemoteFile, RemoteState } from "./remote.ts";

/** Files placed and synced together. */
const BATCH = { files: 2_000, bytes: 16 * 1024 * 1024 } as const;

/** So many bytes count as progress where one file takes long. */
const TICK_BYTES = 64 * 1024;

/** Files found here already, above which comparing hashes is cheaper than receiving every body. */
const LOCAL_FILES_FEW = 64;

type PieceReader = Pick<ReadableStreamDefaultReader<Uint8Array>, "read" | "cancel">;

/** What a complete stream held. */
export interface Exported {
  readonly paths: ReadonlySet<string>;
  readonly revisions: Iterable<string>;
}

/**
 * Copies by export, going on behind `place` when one is given. Null: not offered, or it broke off, or would be wasteful;
 * what came is kept. Fails only where the listing would fail too: sign-in, a stop, the limits of the attempt, the disk.
 */
export async function copyByExport(
  engine: Engine,
  attempt: Attempt,
  place: BootstrapPlace | null,
): Promise<Exported | null> {
  if (!engine.remote.exports.offered || (place !== null && place.after === undefined)) return null;
  if (place === null && hasLocalFiles(engine)) return null;
  try {
    const exported = await receive(engine, attempt, place);
    if (place === null) requireWhole(engine, exported.paths);
    return exported;
  } catch (error) {
    if (attempt.signal.aborted || !isRelayfileError(error) || error.next === "sign-in") throw error;
    const { status } = error.details;
    // Not there, or not in this form: asking again would only cost time.
    if (status === 404 || status === 400) engine.remote.exports.offered = false;
    engine.world.log.info("no export of the whole workspace; listing it instead", {
      reason: messageOf(error),
    });
    return null;
  }
}

/** An export that leaves out most of what is known here is no authority; the listing is asked as well (I7). */
function requireWhole(engine: Engine, paths: ReadonlySet<string>): void {
  const known = [...engine.db.entries.values()].filter((entry) => isClean(entry) && !entry.writeDenied);
  const shown = known.filter(({ remotePath }) => paths.has(remotePath)).length;
  if (isShrunkenListing(known.length, shown, engine.config.snapshotDeleteMinRatio))
    fail("unexpected_answer", `the export shows ${shown} of ${known.length} known files`, {});
}

async function receive(engine: Engine, attempt: Attempt, place: BootstrapPlace | null): Promise<Exported> {
  const silenceMs = engine.config.exportTimeoutMs;
  const response = await engine.remote.api.export(
    { format: "frames", path: engine.config.remoteRoot, after: place?.after },
    { signal: attempt.signal, timeoutMs: silenceMs },
  );
  if (response.body === null) fail("unexpected_answer", "the export has no body", {});
  const total = askTotal(engine, attempt);
  const pieces = piecesOf(engine, response.body.getReader() as PieceReader, attempt.signal, silenceMs);
  const frames = new FrameReader();
  const seen = { paths: new Set<string>(), revisions: new Set<string>() };
  const directories = new Set<string>();
  let files = place?.files ?? 0;
  let batch: RemoteFile[] = [];
  let batchBytes = 0;
  const flush = () => {
    const last = batch.at(-1);
    if (last === undefined) return;
    requireDirectories(engine, directories, batch);
    put(engine, batch);
    files += batch.length;
    savePlace(engine, { after: last.path, files });
    attempt.report(files, total.value(), batchBytes);
    [batch, batchBytes] = [[], 0];
  };
  try {
    let unticked = 0;
    for (;;) {
      const piece = await pieces.next();
      if (piece === null) break;
      unticked += piece.byteLength;
      if (unticked >= TICK_BYTES) {
        unticked = 0;
        attempt.tick();
      }
      for (const frame of frames.push(piece)) {
        seen.paths.add(frame.path);
        seen.revisions.add(frame.revision);
        if (total.hides(frame.path) || isKnown(engine, frame)) continue;
        batch.push(verified(engine, frame));
        batchBytes += frame.bytes.byteLength;
        if (batch.length >= BATCH.files || batchBytes >= BATCH.bytes) flush();
      }
    }
    if (frames.ended) total.settle(files + batch.length);
    flush();
  } finally {
    pieces.close();
  }
  if (!frames.ended) fail("unexpected_answer", `the export broke off after ${frames.files} files`, {});
  return seen;
}

/** Places a batch: newcomers the fast way, the rest by the rules for every change. */
function put(engine: Engine, batch: readonly RemoteFile[]): void {
  const rest = placeNew(engine, batch);
  if (rest.length === 0) return;
  applyRemote(
    engine,
    new Map(rest.map((file): [string, RemoteState] => [file.path, { kind: "file", file }])),
  );
}

function verified(engine: Engine, { contentHash, ...file }: FramedFile): RemoteFile {
  const hash = engine.world.sha256(file.bytes);
  if (contentHash !== "" && contentHash !== hash) {
    fail("unexpected_answer", `content of ${file.path} does not match its hash`, {
      path: file.path,
      expected: contentHash,
      actual: hash,
    });
  }
  return { ...file, hash };
}

/** True when an earlier attempt has placed this very version. */
function isKnown(engine: Engine, { path, revision }: FramedFile): boolean {
  return hasVersion(engine.db.get(path), revision);
}

/** The number of files, asked beside the stream; never published once a path of the runtime area was seen (B16). */
function askTotal(engine: Engine, attempt: Attempt) {
  let total: number | null = null;
  let hidden = false;
  engine.remote.api
    .tree(
      { path: engine.config.remoteRoot, depth: 1, excludeMountRuntime: true },
      { signal: attempt.signal, timeoutMs: engine.config.exportTimeoutMs },
    )
    .then(
      (page) => {
        total = page.totalFiles ?? null;
      },
      () => undefined,
    );
  return {
    value: () => (hidden ? null : total),
    /** The stream ended: it says itself how many there were. */
    settle(files: number): void {
      total = files;
    },
    /** True for a path that is not mirrored. */
    hides(path: string): boolean {
      // Reserved names begin with a dot, but for one; the rest need not be looked at closely.
      if (!path.includes("/.") && !path.includes("/_darcs")) return false;
      const mapped = localOf(engine, path);
      const reserved = "problem" in mapped && mapped.problem.startsWith("reserved name");
      if (reserved) hidden = true;
      return reserved;
    },
  };
}

/** The pieces of the stream. Silence longer than `silenceMs` ends it, as does the end of the attempt. */
function piecesOf(engine: Engine, reader: PieceReader, signal: AbortSignal, silenceMs: number) {
  const { clock } = engine.world;
  let failure: { error: unknown } | null = null;
  let lastMs = clock.monotonicMs();
  let cancel = () => {};
  // A read under way ends when its stream is given up.
  const giveUp = (error: unknown) => {
    failure ??= { error };
    reader.cancel().catch(() => undefined);
  };
  const onAbort = () => giveUp(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  const look = () => {
    const leftMs = lastMs + silenceMs - clock.monotonicMs();
    if (leftMs > 0) cancel = clock.after(leftMs, look);
    else
      giveUp(
        new RelayfileError("request_timeout", `the export was silent for ${silenceMs} ms`, { silenceMs }),
      );
  };
  look();
  return {
    /** The next piece, or null at the end. */
    async next(): Promise<Uint8Array | null> {
      const { done, value } = await reader.read().catch((error: unknown) => {
        if (signal.aborted) throw signal.reason;
        return fail("network_unreachable", `the export broke off: ${messageOf(error)}`, {});
      });
      if (failure !== null) throw failure.error;
      lastMs = clock.monotonicMs();
      return done ? null : value;
    },
    close(): void {
      cancel();
      signal.removeEventListener("abort", onAbort);
      reader.cancel().catch(() => undefined);
    },
  };
}

/** True when the mirror holds more than a few files already. */
function hasLocalFiles(engine: Engine): boolean {
  const { fs } = engine.world;
  let left = LOCAL_FILES_FEW;
  const walk = (directory: string): boolean => {
    for (const { name, kind } of fs.readDir(directory)) {
      if (name.startsWith(".relay")) continue;
      if (kind === "directory" ? walk(`${directory}/${name}`) : kind === "file" && --left < 0) return true;
    }
    return false;
  };
  return walk(engine.mirror.root);
}
