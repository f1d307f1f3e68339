/** Paths that could not be materialised, as the index and the counters know them. */
import { count, type Engine } from "./engine.ts";

/** Records a path that has no local name, unless a rule leaves it out. */
export function noteUnmapped(
  engine: Engine,
  remotePath: string,
  mapped: { readonly problem: string; readonly taken?: true; readonly excluded?: true },
): void {
  if (!mapped.excluded)
    noteProblem(engine, remotePath, mapped.taken ? "quarantined" : "skipped", mapped.problem);
}

/** Records a path that cannot be materialised; it is tried again after the next audit. */
export function noteProblem(
  engine: Engine,
  remotePath: string,
  kind: "quarantined" | "skipped" | "not_ready",
  message: string,
): void {
  const before = engine.db.problems.get(remotePath);
  if (before === undefined && kind !== "not_ready") {
    count(engine, kind === "quarantined" ? "pathCollisionQuarantined" : "pathMaterializationSkipped");
    engine.world.log.warn("path was not materialised", { path: remotePath, kind, reason: message });
  }
  engine.db.setProblem({
    remotePath,
    kind,
    message,
    firstAtMs: before?.firstAtMs ?? engine.now(),
    attempts: (before?.attempts ?? 0) + 1,
  });
}
