/** What a person asks of a running daemon, as its control socket would. */
import { listDeadLetters, removeDeadLetter } from "../../lib/mount/dead-letter.ts";
import { CONFIRMED_KEY, restoreDeletes } from "../../lib/mount/deletes.ts";
import type { Engine } from "../../lib/mount/engine.ts";
import { resolveConflict } from "../../lib/mount/resolve.ts";
import { retryDeadLetter } from "../../lib/mount/retry.ts";
import type { Request } from "./script.ts";

/** Does it; rejects as the command would fail. */
export async function ask(engine: Engine, what: Request, path: string): Promise<void> {
  const { fs } = engine.world;
  const { deadLetters } = engine.layout;
  const dead = listDeadLetters(fs, deadLetters).records.find((record) => record.path === `/${path}`);
  switch (what) {
    case "retry":
      if (dead === undefined) return;
      await retryDeadLetter(engine, dead.opId, { timeoutMs: 60_000, signal: new AbortController().signal });
      return;
    case "drop":
      if (dead !== undefined) removeDeadLetter(fs, deadLetters, dead.opId);
      return;
    case "keep-local":
    case "keep-both":
    case "keep-remote":
      resolveConflict(engine, path, what.slice(5) as "local" | "both" | "remote");
      return;
    case "restore":
      restoreDeletes(engine);
      return;
    case "confirm":
      engine.db.setMeta(CONFIRMED_KEY, "1");
      engine.wake.push.call();
  }
}
