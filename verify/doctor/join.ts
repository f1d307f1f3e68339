/** Joining a workspace is as fast as everything else. */
import { formatDuration } from "../../lib/model/duration.ts";
import { defineCheck, isOutage, judged, proof, unknown } from "../check.ts";
import { joinAgain } from "./_workspace.ts";

const RATIO = 10;
/** Below this nobody waits, whatever the ratio. */
const NOTICEABLE_MS = 2_000;
const FAST_MS = 1_000;

/** DR-05. */
export default defineCheck({
  id: "doctor.join-fast",
  title: "joining the workspace takes no longer than other calls",
  severity: "warn",
  phase: "auth",
  needs: ["join", "target"],
  after: ["doctor.control-plane-answers"],
  refs: ["DR-05", "symptom:37", "symptom:38", "symptom:39", "S03"],
  hint: "Wait: join has a budget of 120 s here",
  findings: {
    "doctor.join-slow": {
      severity: "warn",
      means:
        "Joining took at least ten times as long as other calls of the same moment. Clients with a 30 s budget give up although the server succeeds later.",
      decided: "The join was timed while the catalog was asked several times beside it.",
      not: "Not a slow network: the other calls went the same way and were fast.",
      fix: "Wait, do not retry in a loop; this tool allows 120 s. Tell the control plane's owner the measured times.",
    },
    "doctor.network-slow": {
      severity: "warn",
      means: "Joining was slow, and so was everything else asked in the same moment.",
      decided: "The catalog, which does no work, took more than a second too.",
      not: "Not cloud#766: that concerns the join route alone.",
      fix: "Look at proxy, VPN, DNS and region.",
    },
    "doctor.cold-start": {
      severity: "info",
      means:
        "The first join failed with a 5xx and a second one a moment later succeeded: the service was asleep.",
      decided: "The join was repeated once after its first answer.",
      not: "Not a broken join: that fails twice.",
      fix: "Nothing: this tool repeats once by itself. Repeat by hand elsewhere.",
    },
    "doctor.join-refused": {
      severity: "error",
      class: "auth",
      means: "The control plane does not let this cloud identity join the workspace.",
      decided: "401, 403 or 404 on the join; 404 also hides a workspace one may not see.",
      not: "Not an outage.",
      fix: "Check the workspace's id, or ask to be made a member.",
    },
  },
  run: ({ join, target }) => {
    const { probe, othersMs } = join;
    const subject = { kind: "endpoint", ref: "join" } as const;
    const evidence = [
      proof(probe),
      {
        type: "metric",
        name: "join",
        value: probe.totalMs,
        unit: "ms",
        threshold: Math.max(NOTICEABLE_MS, othersMs * RATIO),
      } as const,
      { type: "metric", name: "other calls (median)", value: othersMs, unit: "ms" } as const,
    ];
    const slow = [
      proof(probe),
      { type: "metric", name: "join", value: probe.totalMs, unit: "ms" } as const,
      {
        type: "metric",
        name: "other calls (median)",
        value: othersMs,
        unit: "ms",
        threshold: FAST_MS,
      } as const,
    ];
    const facts = {
      joinMs: probe.totalMs,
      othersMs,
      ratio: Math.round(probe.totalMs / Math.max(1, othersMs)),
      othersFast: othersMs < FAST_MS,
    };
    if (probe.status !== null && [401, 403, 404].includes(probe.status)) {
      const title = `joining is refused (${probe.status}): ${probe.message ?? "no message"}`;
      return judged(
        1,
        [{ code: "doctor.join-refused", title, subject, evidence: [proof(probe)], facts }],
        title,
      );
    }
    if (isOutage(probe) && probe.failure !== "timeout") {
      return unknown(`joining gave no usable answer (${probe.status ?? probe.failure})`);
    }
    if (join.first !== undefined && probe.status !== null && probe.status < 300) {
      const title = `the first join was answered ${join.first.status}, the second succeeded`;
      const both = [proof(join.first), proof(probe)];
      return judged(1, [{ code: "doctor.cold-start", title, subject, evidence: both, facts }], title);
    }
    if (probe.totalMs < NOTICEABLE_MS) return judged(1, [], `joined in ${probe.totalMs} ms`);
    if (!facts.othersFast) {
      const title = `everything is slow: join ${formatDuration(probe.totalMs)}, other calls ${formatDuration(othersMs)}`;
      return judged(1, [{ code: "doctor.network-slow", title, subject, evidence: slow, facts }], title);
    }
    if (facts.ratio < RATIO)
      return judged(1, [], `joined in ${probe.totalMs} ms, other calls ${othersMs} ms`);
    const title = `join took ${formatDuration(probe.totalMs)}, ${facts.ratio} times as long as other calls`;
    const remedy = {
      text: "Wait for it: the budget is 120 s",
      commands: [joinAgain(target)],
    };
    const ruledOut = ["the network: other calls of the same moment were fast"];
    return judged(
      1,
      [{ code: "doctor.join-slow", title, subject, evidence, facts, remedy, ruledOut }],
      title,
    );
  },
});
