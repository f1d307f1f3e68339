/**
 * `writeback retry`: sends the file again against the base the dead letter recorded, waits for the outcome, and only a
 * confirmed success removes the record (spec mount-daemon 3.8, PR #84, W12-W14).
 */
import { fail } from "../errors.ts";
import { type DeadLetter, isSafeOpId } from "../model/dead-letter.ts";
import { containsPath } from "../model/path.ts";
import type { RelativeRemotePath } from "../sync/remote-path.ts";
import { readDeadLetter, removeDeadLetter } from "./dead-letter.ts";
import { type Engine, localOf } from "./engine.ts";
import { newRecord } from "./examine.ts";

/** How a retry ended well. */
export interface RetryOutcome {
  readonly opId: string;
  readonly path: string;
  readonly status: "succeeded";
  /** Revision the server now has, or null when it did not say. */
  readonly revision: string | null;
}

const LOOK_EVERY_MS = 25;

/** Reads and checks the record of a retry; every fault is a clear error and leaves the file as it is. */
export function deadLetterForRetry(
  world: Pick<Engine["world"], "fs">,
  directory: string,
  opId: string,
): DeadLetter {
  if (!isSafeOpId(opId)) fail("usage", `op id "${opId}" contains a path separator`);
  const read = readDeadLetter(world.fs, directory, opId);
  if (read === null) fail("dead_letter_unknown", `unknown dead-letter op "${opId}"`, { opId, directory });
  if ("reason" in read) {
    fail("dead_letter_malformed", `invalid dead-letter record ${directory}/${opId}.json: ${read.reason}`, {
      opId,
    });
  }
  return read.record;
}

/**
 * Retries one dead letter and waits until the server's operation ended. The push and receipt lanes do the sending; they
 * must be running or be driven by `step`. Fails with `retry_rejected` when it was refused again.
 */
export async function retryDeadLetter(
  engine: Engine,
  opId: string,
  options: { timeoutMs: number; signal: AbortSignal; step?(): Promise<void> },
): Promise<RetryOutcome> {
  const record = deadLetterForRetry(engine.world, engine.layout.deadLetters, opId);
  const commandIds = recordPaths(engine, record).map((path) => enqueue(engine, record, path));
  engine.wake.push.call();
  const deadline = engine.world.clock.monotonicMs() + options.timeoutMs;
  for (;;) {
    await options.step?.();
    const open = commandIds.filter((id) => engine.outbox.pending.has(id));
    if (open.length === 0) break;
    if (engine.world.clock.monotonicMs() > deadline) {
      fail("request_timeout", `op ${opId} was sent again and its outcome is not known yet`, {
        opId,
        hint: "relayfile writeback status",
      });
    }
    await engine.world.clock.sleep(LOOK_EVERY_MS, options.signal);
  }
  const failed = commandIds.map((id) => engine.outbox.failed(id)).find((item) => item !== null);
  if (failed) {
    fail("retry_rejected", `op ${opId} was refused again: ${failed.lastError ?? "no reason given"}`, {
      opId,
      path: failed.remotePath,
      reason: failed.lastError,
      hint: `Fix the file, then repeat: relayfile writeback retry --opId ${opId}`,
    });
  }
  removeDeadLetter(engine.world.fs, engine.layout.deadLetters, opId);
  engine.wake.state.call();
  const path = record.path;
  return { opId, path, status: "succeeded", revision: engine.db.get(path)?.revision ?? null };
}

/** Remote paths of a record; older daemons joined several with a comma. Each must be below the mount's remote root. */
function recordPaths(engine: Engine, record: DeadLetter): string[] {
  const whole = record.path.trim();
  if (whole === "")
    fail("dead_letter_malformed", `dead letter ${record.opId} names no path`, { opId: record.opId });
  const isOne = engine.db.get(whole) !== undefined || record.commandId !== undefined;
  const paths = isOne ? [whole] : whole.split(",").filter((path) => path !== "");
  for (const path of paths) {
    if (!containsPath(engine.config.remoteRoot, path)) {
      fail(
        "invalid_path",
        `dead letter ${record.opId} is about ${path}, which is outside ${engine.config.remoteRoot}`,
        {
          opId: record.opId,
          path,
        },
      );
    }
  }
  return paths;
}

/** Puts a new save of the file into the outbox under the retry's identity; answers with its command id. */
function enqueue(engine: Engine, record: DeadLetter, path: string): string {
  const mapped = localOf(engine, path);
  if ("problem" in mapped) fail("invalid_path", `${path} has no local file: ${mapped.problem}`, { path });
  const rel = mapped.rel as RelativeRemotePath;
  const read = engine.mirror.read(rel);
  if (read === null) {
    fail(
      "invalid_input",
      `local file ${engine.mirror.absolute(rel)} does not exist or is not a regular file`,
      {
        path,
        hint: `Restore the file, or drop the record: relayfile writeback drop --opId ${record.opId}`,
      },
    );
  }
  const waiting = engine.outbox.unsentFor(path);
  if (waiting !== undefined) engine.outbox.ack(waiting.record.commandId, "superseded_by_retry");
  const base = (record.commandId ?? record.opId).replace(/[#-]\d+$/, "");
  const counter = Number(engine.db.meta(`retries:${base}`) ?? "0") + 1;
  engine.db.setMeta(`retries:${base}`, String(counter));
  const hash = engine.world.sha256(read.bytes);
  engine.db.patch(path, { refusedHash: "", writeDenied: false });
  const entry = engine.db.get(path);
  engine.outbox.add([
    newRecord(engine, {
      rel,
      path,
      bytes: read.bytes,
      hash,
      exists: entry?.revision != null,
      expectedRevision: record.baseRevision ?? entry?.revision ?? "0",
      commandId: `${base}#${counter}`,
      retryOf: record.opId,
    }),
  ]);
  return `${base}#${counter}`;
}
