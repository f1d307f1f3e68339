/** Real time on this machine. */
import type { Clock } from "../../ports.ts";
import { realClock } from "../clock.ts";

/** The clock of this machine; a timer that nobody waits for keeps no process alive. */
export function bunClock(): Clock {
  return realClock((timer) => timer.unref());
}
