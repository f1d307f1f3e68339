/** Real randomness. */
import type { Random } from "../../ports.ts";

/** The cryptographic generator of this machine. */
export function bunRandom(): Random {
  return {
    bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    uuid: () => crypto.randomUUID(),
    float: () => Math.random(),
  };
}
