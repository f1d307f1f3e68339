/** Waiting for something to become true, by looking at it, never by guessing how long it takes. */

/** How often to look, and for how long, ms. */
export interface Patience {
  readonly withinMs?: number;
  readonly everyMs?: number;
}

/**
 * Looks until `done` accepts what it sees and resolves with that; a look that throws counts as not yet. Fails with what
 * was awaited and what was seen last.
 */
export async function eventually<T>(
  what: string,
  look: () => T | Promise<T>,
  done: (seen: T) => boolean = Boolean,
  { withinMs = 20_000, everyMs = 10 }: Patience = {},
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    let last: unknown;
    try {
      const seen = await look();
      if (done(seen)) return seen;
      last = seen;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`${what}: not within ${withinMs} ms; last seen ${show(last)}`);
    }
    await Bun.sleep(everyMs);
  }
}

function show(value: unknown): string {
  if (value instanceof Error) return String(value);
  return (JSON.stringify(value) ?? String(value)).slice(0, 2_000);
}
