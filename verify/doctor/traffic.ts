/** Nobody on this machine polls in a tight loop or repeats a request that can never succeed. */
import {
  defineCheck,
  type FindingDraft,
  judged,
  type ProbeFact,
  page,
  plural,
  proof,
  suggest,
} from "../check.ts";
import { joinAgain } from "./_workspace.ts";

const STATUS_CALLS_PER_MINUTE_MAX = 12;
const REPEATS_MIN = 3;

/** DR-23, symptoms 41 and 42. */
export const pollingCalm = defineCheck({
  id: "doctor.polling-calm",
  title: "the daemon asks no more than its schedule needs",
  severity: "error",
  phase: "local",
  needs: ["mountArea"],
  wants: ["access", "sync", "target"],
  after: ["doctor.mount-root-intact"],
  refs: ["DR-23", "symptom:41", "symptom:42"],
  hint: "Stop or upgrade the daemon that polls",
  findings: {
    "doctor.poll-storm": page.error(
      "A daemon asks for its status many times a minute, so that the service limits requests of everybody who shares its token.",
      "Its log shows more than 12 status calls in one minute.",
      "Not an outage: 429 with Retry-After is an answer to too many questions.",
      "Stop that daemon, or upgrade it: polling must not be driven by file events.",
    ),
    "doctor.scope-loop": page.error(
      "A renewal is refused with invalid_scope again and again: the daemon treats a definite answer as a passing one.",
      "The same 400 invalid_scope repeats in the log.",
      "Not an expired session: that is 401.",
      "Fix the shape of the scopes and join again; waiting cannot help.",
    ),
  },
  run: ({ mountArea, access, sync, target }) => {
    const { log } = mountArea;
    if (log === null) return judged(0, [], "the daemon keeps no log here");
    const findings: FindingDraft<"doctor.poll-storm" | "doctor.scope-loop">[] = [];
    const subject = { kind: "mount", ref: mountArea.dir } as const;
    const limited = [access?.probe, sync?.probe].filter((probe): probe is ProbeFact => probe?.status === 429);
    if (log.statusCallsPerMinuteMax > STATUS_CALLS_PER_MINUTE_MAX) {
      findings.push({
        code: "doctor.poll-storm",
        title: `the daemon of ${mountArea.dir} made ${log.statusCallsPerMinuteMax} status calls in one minute`,
        subject,
        evidence: [
          {
            type: "metric",
            name: "status calls per minute",
            value: log.statusCallsPerMinuteMax,
            unit: "calls",
            threshold: STATUS_CALLS_PER_MINUTE_MAX,
          },
          ...limited.map(proof),
        ],
        facts: { perMinute: log.statusCallsPerMinuteMax, rateLimited: log.rateLimited + limited.length },
        remedy: {
          text: "Stop that daemon",
          commands: [suggest(`relayfile unmount --mount ${mountArea.dir}`, "write")],
        },
      });
    }
    if (log.invalidScope >= REPEATS_MIN) {
      findings.push({
        code: "doctor.scope-loop",
        title: `a renewal was refused with invalid_scope ${log.invalidScope} times`,
        subject,
        evidence: [
          { type: "file", path: ".relay/mount.log", excerpt: `invalid_scope ${log.invalidScope} times` },
        ],
        facts: { count: log.invalidScope },
        remedy: {
          text: "Join again with scopes of a valid shape",
          commands: [joinAgain(target)],
        },
      });
    }
    return judged(1, findings, `${plural(log.lines, "log line")} looked at`);
  },
});

/** Symptom 43. */
export const routesDeployed = defineCheck({
  id: "doctor.routes-deployed",
  title: "every route this tool uses exists in the deployment",
  severity: "info",
  phase: "connect",
  needs: ["ingress"],
  wants: ["resolved", "integrations", "sync", "mirror"],
  after: ["doctor.workspace-readable"],
  refs: ["symptom:43"],
  hint: "Nothing to repair here: the deployment is older than the feature",
  findings: {
    "doctor.route-not-deployed": page.info(
      "The deployment does not have a route that the documentation describes: it is older than the feature, and what that route would tell stays unknown.",
      "405, or 404 with a JSON body that names no record, while sibling routes answer.",
      "Not a missing workspace and not a wrong base URL: other routes of the same host answer.",
      "Nothing here; ask the operator for a newer deployment if you need it.",
    ),
  },
  run: ({ ingress, resolved, integrations, sync, mirror }) => {
    const asked: [string, ProbeFact | null | undefined][] = [
      ["sync/ingress", ingress.probe],
      ["sync/dead-letter", ingress.deadProbe],
      ["sync/status", sync?.probe],
      ["fs/bulk-read", mirror?.probe],
      ["integrations", integrations?.list],
      ["resolve", resolved?.probe],
    ];
    const known = asked.flatMap(([route, probe]) => (probe == null ? [] : [{ route, probe }]));
    const answered = known.filter(({ probe }) => probe.status !== null);
    const missing = answered.filter(({ probe }) => isMissingRoute(probe));
    // When nothing answers well it is not the route that is missing.
    if (answered.length === missing.length) return judged(0, [], "no sibling route answered");
    const findings = missing.map(
      ({ route, probe }): FindingDraft<"doctor.route-not-deployed"> => ({
        code: "doctor.route-not-deployed",
        title: `this deployment has no ${route} (${probe.status})`,
        subject: { kind: "endpoint", ref: route },
        evidence: [proof(probe)],
        facts: { route, status: probe.status },
        ruledOut: ["the base URL: sibling routes answer"],
      }),
    );
    return judged(answered.length, findings, `${plural(answered.length, "route")} asked`);
  },
});

function isMissingRoute({ status, kind, message, code }: ProbeFact): boolean {
  if (status === 405 || status === 501) return true;
  const names = /workspace|record|file|provider/i.test(`${code ?? ""} ${message ?? ""}`);
  return status === 404 && kind !== "html" && !(names && !/route/i.test(message ?? ""));
}
