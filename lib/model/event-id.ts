/** Numbers of events as ids. Apart from the schemas, so that a service starts without loading them. */

/** The n of `evt_<n>`, or null for any other form. */
export function eventNumber(eventId: string): number | null {
  const match = /^evt_(\d+)$/.exec(eventId);
  return match ? Number(match[1]) : null;
}

/** `evt_<n>`. */
export function eventIdOf(n: number): string {
  return `evt_${n}`;
}
