/** Counters of a state file, which any daemon may have written. */

/** The number, or 0 for anything else. */
export function numberOf(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}
