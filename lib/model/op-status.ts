/** States of writeback ops. Apart from the schemas, so that a service starts without loading them. */

/** States of an op on our services (design decision 8). */
export const OP_STATUSES = [
  "pending",
  "running",
  "succeeded",
  "failed",
  "dead_lettered",
  "canceled",
] as const;
/** State of an op. */
export type OpStatus = (typeof OP_STATUSES)[number];

/** States that end an op. */
export const OP_FINAL: readonly string[] = ["succeeded", "failed", "dead_lettered", "canceled"];
