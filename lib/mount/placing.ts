/**
 * What is about to be placed, written into the index first: a process that dies after the bytes are there and before the
 * index says so would take them for a person's own, and send them up again when they are gone on the server (decision 0330).
 */
import type { RelativeRemotePath } from "../sync/remote-path.ts";
import type { Engine } from "./engine.ts";
import { blankEntry } from "./entry.ts";
import type { RemoteFile } from "./remote.ts";

const KEY = "placing";

type Announced = Pick<RemoteFile, "path" | "revision" | "hash" | "contentType"> & { rel: RelativeRemotePath };

/** Notes a batch, inside the caller's transaction; what an earlier batch left open is settled first. */
export function beginPlacing(
  engine: Engine,
  batch: readonly { readonly file: RemoteFile; readonly rel: RelativeRemotePath }[],
): void {
  settlePlacing(engine);
  if (batch.length === 0) return;
  const announced = batch.map(({ file: { path, revision, hash, contentType }, rel }): Announced => {
    return { path, revision, hash, contentType, rel };
  });
  engine.db.setMeta(KEY, JSON.stringify(announced));
}

/** The batch is remembered; belongs into the same transaction. */
export function endPlacing(engine: Engine): void {
  engine.db.setMeta(KEY, null);
}

/** After a batch that was broken off: files that hold what was announced are agreed on, others are somebody's own. */
export function settlePlacing(engine: Engine): void {
  const text = engine.db.meta(KEY);
  if (text === null) return;
  for (const { path, rel, ...agreed } of JSON.parse(text) as Announced[]) {
    if (engine.outbox.unsentFor(path) !== undefined) continue;
    const entry = engine.db.get(path) ?? blankEntry(path, rel);
    const local = engine.mirror.inspect(rel, entry);
    if (local?.kind !== "file" || local.hash !== agreed.hash) continue;
    engine.db.put({ ...entry, ...agreed, ...engine.mirror.seen(local.stat, local.hash), unplaced: false });
  }
  engine.db.setMeta(KEY, null);
}
