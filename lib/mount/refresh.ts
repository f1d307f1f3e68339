/** Asks the server for some paths again and makes the disk agree. */
import { type Applied, type ApplyOptions, applyRemote, ROUNDS_MAX } from "./apply.ts";
import type { Engine } from "./engine.ts";
import { noteProblem } from "./note-problem.ts";

/** Files read, staged and synced together. */
export const READ_BATCH = { files: 1_000, bytes: 16 * 1024 * 1024 } as const;

/** Reads paths again and applies them, retrying a path whose entry moved while the answer was under way (E13). */
export async function refreshPaths(
  engine: Engine,
  paths: readonly string[],
  options: ApplyOptions & { signal?: AbortSignal } = {},
): Promise<Applied> {
  const total = { changed: 0, conflicts: 0 };
  let todo = [...new Set(paths)];
  for (let round = 0; todo.length > 0 && round < ROUNDS_MAX; round++) {
    const before = new Map(todo.map((path) => [path, engine.db.get(path)]));
    const states = await engine.remote.readAll(todo, readsAtOnce(engine), options.signal);
    const moved = todo.filter((path) => engine.db.get(path) !== before.get(path));
    for (const path of moved) states.delete(path);
    if (options.absence === "not-ready") {
      for (const [path, state] of states) {
        if (state.kind !== "absent") continue;
        states.delete(path);
        noteProblem(engine, path, "not_ready", "announced by an event, not readable yet");
      }
    }
    const applied = applyRemote(engine, states, options);
    total.changed += applied.changed;
    total.conflicts += applied.conflicts;
    todo = moved;
  }
  for (const path of todo) engine.stale.add(path);
  return total;
}

function readsAtOnce({ health, config }: Engine): number {
  return health.bootstrap === null ? config.incrementalReadConcurrency : config.readConcurrency;
}
