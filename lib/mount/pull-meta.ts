/** What the index remembers of the pull lane. */
import { BOOTSTRAP_META } from "./bootstrap.ts";
import type { Engine } from "./engine.ts";

/** Meta keys of the lane. */
export const PULL_META = {
  cursor: "eventsCursor",
  complete: "bootstrapComplete",
  bootstrap: BOOTSTRAP_META.place,
  lastAudit: "lastFullPullAt",
  lastRevision: "lastAppliedRevision",
} as const;

/** True once a whole traversal ended. */
export function isBootstrapped(engine: Engine): boolean {
  return engine.db.meta(PULL_META.complete) === "1";
}
