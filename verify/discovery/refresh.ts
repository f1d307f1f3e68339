/** A discovery refresh answers, covers every provider and is honest about what it did. */
import {
  defineCheck,
  type FindingDraft,
  judged,
  plural,
  proof,
  type RefreshFact,
  skip,
  suggest,
  type TargetFact,
  unknown,
} from "../check.ts";
import { diagnose } from "./_diagnosis.ts";

/** VD-09. */
export const refreshAnswers = defineCheck({
  id: "discovery.refresh-answers",
  title: "a discovery refresh succeeds for every connected provider",
  severity: "error",
  phase: "discovery",
  needs: ["refresh", "target"],
  wants: ["integrations"],
  after: ["doctor.control-plane-answers", "doctor.workspace-readable"],
  refs: ["VD-09", "symptom:40", "symptom:43", "S18", "cloud#756"],
  hint: "Read the errors of the refresh report, then repeat with a larger --timeout",
  findings: {
    "discovery.refresh-refused": {
      severity: "error",
      class: "auth",
      means: "The control plane refuses to refresh this workspace with this token.",
      decided: "401 or 403 while the file API accepted the same token.",
      not: "Not an expired token: the file API would refuse it too.",
      fix: "The token's wks claim must equal the workspace in the path, and it needs sync:trigger.",
    },
    "discovery.refresh-not-deployed": {
      severity: "warn",
      means: "This deployment has no refresh route: it is older than the feature.",
      decided: "404 or 405 while sibling routes answer.",
      not: "Not a user error and not cloud#778: nothing was attempted.",
      fix: "Use --no-refresh; schemas are only produced by syncs there.",
    },
    "discovery.refresh-failed": {
      severity: "error",
      class: "transient",
      means: "The refresh gave no usable answer.",
      decided: "5xx, silence, or a body of another shape.",
      not: "Not a partial refresh: that has a report.",
      fix: "Repeat; six providers may need three minutes. Report the correlation id if it persists.",
    },
    "discovery.refresh-partial": {
      severity: "error",
      means: "The refresh ran, but a provider failed or ran out of time.",
      decided: "By errors[], timedOut and the per-provider error counts of the report.",
      not: "Not a refusal.",
      fix: "Read the errors; refresh that provider again.",
    },
    "discovery.refresh-left-out": {
      severity: "error",
      means: "A provider that is connected does not appear in the refresh report.",
      decided: "The integrations list was compared with refreshed[].",
      not: "Not a failure of that provider: it was never tried.",
      fix: "Look at the provider's integration; report both lists.",
    },
  },
  run: ({ refresh, integrations, target }) => {
    type Codes =
      | "discovery.refresh-refused"
      | "discovery.refresh-not-deployed"
      | "discovery.refresh-failed"
      | "discovery.refresh-partial"
      | "discovery.refresh-left-out";
    const { probe, report } = refresh;
    const shared = { subject: { kind: "endpoint", ref: "sync/refresh" } as const, evidence: [proof(probe)] };
    if (report === null) {
      const facts = { status: probe.status, problem: refresh.problem };
      if (probe.status === 401 || probe.status === 403) {
        const title = `the control plane refuses the refresh (${probe.status}): ${probe.message ?? "no message"}`;
        return judged<Codes>(1, [{ ...shared, facts, code: "discovery.refresh-refused", title }], title);
      }
      if ((probe.status === 404 || probe.status === 405) && probe.kind !== "html") {
        const title = `this deployment has no refresh route (${probe.status})`;
        return judged<Codes>(1, [{ ...shared, facts, code: "discovery.refresh-not-deployed", title }], title);
      }
      const title = `the refresh gave no usable answer: ${refresh.problem}`;
      return unknown<Codes>(title, [{ ...shared, facts, code: "discovery.refresh-failed", title }]);
    }
    const findings: FindingDraft<Codes>[] = [];
    const refreshed = report.refreshed.filter((row) => isAsked(target, row.provider));
    const failing = refreshed.filter(
      (row) => row.errors > 0 || row.timedOut === true || row.discoveryBackfillStatus === "failed",
    );
    const words = [
      ...failing.map(
        (row) => `${row.provider}: ${row.timedOut === true ? "timed out" : plural(row.errors, "error")}`,
      ),
      ...(report.errors ?? [])
        .filter((error) => error.provider === undefined || isAsked(target, error.provider))
        .map((error) => `${error.provider ?? "all"}: ${error.reason} ${error.message}`),
    ];
    if (words.length > 0 || report.timedOut === true) {
      findings.push({
        ...shared,
        code: "discovery.refresh-partial",
        title: `the refresh is incomplete: ${words[0] ?? "it ran out of time"}`,
        detail: words.join("; "),
        facts: {
          providers: failing.map((row) => row.provider),
          timedOut: report.timedOut ?? false,
          reported: true,
          unreached: Math.max(1, failing.length),
        },
      });
    }
    const covered = new Set(report.refreshed.map((row) => row.provider));
    const connected = (integrations?.rows ?? [])
      .map((row) => row.provider)
      .filter((provider) => isAsked(target, provider));
    for (const provider of connected.filter((name) => !covered.has(name))) {
      findings.push({
        ...shared,
        code: "discovery.refresh-left-out",
        title: `${provider} is connected but the refresh did not include it`,
        subject: { kind: "provider", ref: provider },
        facts: { provider, reported: true, unreached: 1 },
      });
    }
    return judged(
      refreshed.length,
      findings,
      `${plural(refreshed.length, "provider")} refreshed in ${probe.totalMs} ms`,
    );
  },
});

/** VD-10. */
export const refreshHonest = defineCheck({
  id: "discovery.refresh-honest",
  title: "a provider reported as backfilled has no empty schema that could be filled",
  severity: "error",
  phase: "discovery",
  needs: ["refresh", "discovery", "target"],
  after: ["discovery.refresh-answers"],
  refs: ["VD-10", "symptom:52", "S18", "S19"],
  hint: "Do not judge a refresh by discoveryBackfilled alone",
  findings: {
    "discovery.backfilled-but-empty": {
      severity: "error",
      means:
        "The refresh says backfilled, yet a resource of the provider with records has an empty schema. The flag only means that nothing threw.",
      decided: "discoveryBackfilled is true and the schema, read afterwards, has no properties.",
      not: "Not a placeholder resource and not one without records.",
      fix: "Look at the root cause named for the resource.",
    },
    "discovery.refresh-degraded": {
      severity: "warn",
      means: "The refresh itself says that it could not sample some resources.",
      decided: "By discoveryBackfillStatus and samplingWarnings of the report.",
      not: "Not a failure of the refresh.",
      fix: "Read the sampling warnings: each names the index, its rows and why nothing was read.",
    },
  },
  run: ({ refresh, discovery, target }) => {
    const rows = (refresh.report?.refreshed ?? []).filter((row) => isAsked(target, row.provider));
    if (refresh.report === null) return skip("the refresh gave no report");
    const findings = rows.flatMap(
      (row): FindingDraft<"discovery.backfilled-but-empty" | "discovery.refresh-degraded">[] => {
        const provider = discovery.providers.find((entry) => entry.provider === row.provider);
        const empty = (provider?.resources ?? []).filter((resource) => diagnose(resource, refresh).step >= 5);
        const backfilled = (row.discoveryBackfilled ?? row.backfilled) === true;
        const shared = {
          subject: { kind: "provider", ref: row.provider } as const,
          evidence: [proof(refresh.probe), reportLine(row)],
        };
        const facts = {
          provider: row.provider,
          refreshBackfilled: backfilled,
          status: row.discoveryBackfillStatus ?? null,
          empty: empty.map((resource) => resource.path),
          warnings: (row.samplingWarnings ?? []).map(
            (warning) => `${warning.resourcePath}: ${warning.reason}`,
          ),
        };
        const remedy = {
          text: "Look at the resource",
          commands: [suggest(`relayfile verify discovery ${row.provider}`, "refresh")],
        };
        if (backfilled && empty.length > 0) {
          const title = `${row.provider}: reported as backfilled, but ${plural(empty.length, "schema")} ${empty.length === 1 ? "is" : "are"} empty`;
          return [{ ...shared, facts, remedy, code: "discovery.backfilled-but-empty", title }];
        }
        if (row.discoveryBackfillStatus === "degraded") {
          const title = `${row.provider}: the refresh is degraded (${facts.warnings[0] ?? "no warning names a resource"})`;
          return [{ ...shared, facts, remedy, code: "discovery.refresh-degraded", title }];
        }
        return [];
      },
    );
    return judged(rows.length, findings, `${plural(rows.length, "provider")} reported`);
  },
});

/** A run about one provider judges only that one, although the refresh covers all. */
function isAsked(target: TargetFact, provider: string): boolean {
  return target.provider === null || target.provider === provider;
}

function reportLine(row: NonNullable<RefreshFact["report"]>["refreshed"][number]) {
  const status = row.discoveryBackfillStatus === undefined ? "" : `, status ${row.discoveryBackfillStatus}`;
  return {
    type: "log" as const,
    line: `${row.provider}: backfilled ${row.discoveryBackfilled ?? row.backfilled}, errors ${row.errors}${status}`,
  };
}
