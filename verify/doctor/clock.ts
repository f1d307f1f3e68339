/** The clocks of this machine and of the servers agree. */
import { TOKENS } from "../../lib/limits.ts";
import { formatDuration } from "../../lib/model/duration.ts";
import { defineCheck, judged } from "../check.ts";

/** DR-24. */
export default defineCheck({
  id: "doctor.clock-in-sync",
  title: "this machine's clock agrees with the servers'",
  severity: "error",
  phase: "local",
  needs: ["clock"],
  after: ["doctor.file-api-answers"],
  refs: ["DR-24", "symptom:29"],
  hint: "Synchronise this machine's clock",
  findings: {
    "doctor.clock-skewed": {
      severity: "error",
      means:
        "This machine's clock is more than a minute away from the server's. Tokens then look expired or not yet valid, and webhook signatures are refused.",
      decided:
        "The Date header of an answer was compared with the local time from the request to the answer, allowing for the whole seconds that it has.",
      not: "Not an expired token: with the right time the same token may be valid.",
      fix: "Synchronise the clock (NTP); after sleep or in a resumed virtual machine this often lags.",
    },
  },
  run: ({ clock }) => {
    const [sample] = clock.samples;
    if (sample === undefined) return judged(0, [], "no server sent its time");
    const seconds = Math.round(Math.abs(clock.skewMs) / 1000);
    if (clock.skewMs === 0) return judged(1, [], "the clocks agree, as closely as a Date header tells");
    if (Math.abs(clock.skewMs) <= TOKENS.clockSkewWarnMs)
      return judged(1, [], `the clocks differ by about ${seconds} s`);
    const direction = clock.skewMs > 0 ? "behind" : "ahead of";
    return judged(
      1,
      [
        {
          code: "doctor.clock-skewed",
          title: `this machine's clock is ${formatDuration(Math.abs(clock.skewMs))} ${direction} the file API's`,
          subject: { kind: "clock", ref: "local" },
          evidence: [
            {
              type: "metric",
              name: "clock skew",
              value: clock.skewMs,
              unit: "ms",
              threshold: TOKENS.clockSkewWarnMs,
            },
            { type: "http", exchangeId: sample.exchangeId, quote: "Date header of the answer" },
          ],
          facts: { skewMs: clock.skewMs },
          ruledOut: [`a slow network: the round trip was ${sample.roundTripMs} ms`],
        },
      ],
      `the clocks differ by ${seconds} s`,
    );
  },
});
