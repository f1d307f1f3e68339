/** The part of the lab that fits into a CI run: every diagnosis once, a third of the pairs, the stacks that are shared. */
import type { Fault } from "./fault.ts";
import type { Healthy } from "./healthy.ts";
import type { Pair } from "./judge.ts";

/** One fault for every diagnosis: the first that expects it. */
export function oneOfEach(faults: readonly Fault[]): Fault[] {
  const seen = new Set<string>();
  return faults.filter(({ expect: { root, notes } }) => {
    const diagnosis = root ?? notes?.join() ?? "";
    if (seen.has(diagnosis)) return false;
    seen.add(diagnosis);
    return true;
  });
}

/** Every third pair. */
export function someOf(pairs: readonly Pair[]): Pair[] {
  return pairs.filter((_, index) => index % 3 === 0);
}

/** Healthy stacks that need none of their own. */
export function sharedOf(stacks: readonly Healthy[]): Healthy[] {
  return stacks.filter(({ ownStack }) => !ownStack);
}
