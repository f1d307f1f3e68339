/** A local clock that is wrong: tokens then look expired or not yet valid although they are neither. */
import { faultsOf } from "./fault.ts";

const HOUR_MS = 3_600_000;

export default faultsOf(
  "clock",
  {
    needs: ["file-api", "time"],
    breaks: ["time"],
    never: ["doctor.workspace-token-expired", "doctor.cloud-session-expired", "digest.stale-date"],
  },
  [
    {
      id: "clock-two-hours-ahead",
      refs: ["symptom:29", "DR-24"],
      inject: (bench) => bench.skew(2 * HOUR_MS),
      expect: { root: "doctor.clock-skewed", exit: 1 },
    },
    {
      id: "clock-a-day-behind",
      refs: ["symptom:29", "DR-24"],
      inject: (bench) => bench.skew(-24 * HOUR_MS),
      expect: { root: "doctor.clock-skewed", exit: 1 },
    },
    {
      id: "clock-five-minutes-ahead",
      refs: ["symptom:29"],
      inject: (bench) => bench.skew(300_000),
      expect: { root: "doctor.clock-skewed", exit: 1 },
    },
  ],
);
