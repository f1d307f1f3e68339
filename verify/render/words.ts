/** Phrases that several renderers use for the same facts. */
import { formatDuration } from "../../lib/model/duration.ts";
import type { Finding, Report } from "../report.ts";

/** An argv as people paste it; words with spaces or stars are quoted. */
export function commandLine(argv: readonly string[]): string {
  return argv
    .map((word) => (/^[A-Za-z0-9_./:=@%+,{}~-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(" ");
}

export { bareStart } from "../verdict.ts";

/** The findings by id. */
export function findingsById(report: Report): ReadonlyMap<string, Finding> {
  return new Map(report.findings.map((finding) => [finding.id, finding]));
}

/** Root causes in their order. */
export function rootsOf(report: Report): Finding[] {
  const byId = findingsById(report);
  return report.rootCauses.flatMap((id) => byId.get(id) ?? []);
}

/** `PASS`, `WARN`, `FAIL`, ... */
export function outcomeWord(report: Report): string {
  return report.outcome.toUpperCase();
}

/** `2 errors, 0 warnings, 12 of 14 checks decided`. */
export function countsLine(report: Report): string {
  const { checks, findings } = report.summary;
  const decided = checks.pass + checks.warn + checks.fail;
  const asked = checks.total - checks.skip;
  const words = [
    count(findings.error, "error"),
    count(findings.warn, "warning"),
    `${decided} of ${count(asked, "check")} decided`,
  ];
  if (checks.skip > 0) words.push(`${checks.skip} skipped`);
  return words.join(", ");
}

/** The facts everyone asks for first: services, token, clock. */
export function factsLine(report: Report): string {
  const parts = [`file API ${report.target.fileApi.baseUrl}${serviceWords(report, "file-api")}`];
  if (report.target.controlPlane !== null) {
    parts.push(`control plane ${report.target.controlPlane.baseUrl}${serviceWords(report, "control-plane")}`);
  }
  const token = report.identity.find((identity) => identity.kind === "workspace");
  parts.push(token === undefined ? "no workspace token" : `token ${tokenWords(token, report.finishedAt)}`);
  const skew = report.environment.clockSkewMs;
  if (skew !== null) parts.push(`skew ${skew >= 0 ? "+" : ""}${(skew / 1000).toFixed(1)} s`);
  return parts.join(" · ");
}

/** The signs a known issue was matched by: `matches cloud#778 (6 of 6 signs)`. */
export function issueWords(finding: Finding): string | null {
  const issue = finding.knownIssue;
  if (issue === undefined) return null;
  const all = issue.matched.length + issue.missing.length;
  const back = regressionWords(finding);
  return `matches ${issue.id} (${issue.matched.length} of ${all} signs, ${issue.confidence})${back === null ? "" : `, ${back}`}`;
}

/** That an issue is fixed in the server's version and shows all the same; null for every other match. */
export function regressionWords(finding: Finding): string | null {
  const regression = finding.knownIssue?.regression;
  return regression === undefined ? null : `regression? fixed in ${regression.fixedIn}`;
}

/** One piece of evidence as a line. */
export function evidenceLine(item: Finding["evidence"][number]): string {
  switch (item.type) {
    case "http":
      return `${item.quote} [${item.exchangeId}]`;
    case "file": {
      const edited = item.lastEditedAt == null ? "" : `, edited ${item.lastEditedAt}`;
      const revision = item.revision == null ? "" : ` ${item.revision}`;
      return `${item.path}${revision}${edited}${item.excerpt === undefined ? "" : `: ${item.excerpt}`}`;
    }
    case "metric":
      return `${item.name}: ${item.value} ${item.unit}${item.threshold === undefined ? "" : ` (limit ${item.threshold})`}`;
    case "compare":
      return `${item.a} ${item.relation} ${item.b}`;
    case "log":
      return item.line;
  }
}

/** The requests a finding cites, each once, in the order it cites them. */
export function exchangesOf(report: Report, finding: Finding): Report["exchanges"] {
  const ids = finding.evidence.flatMap((item) => (item.type === "http" ? [item.exchangeId] : []));
  return [...new Set(ids)].flatMap((id) => report.exchanges.find((exchange) => exchange.id === id) ?? []);
}

/** The request whose curl line shows a finding best: the first that only reads, else the first. */
export function curlOf(report: Report, finding: Finding): Report["exchanges"][number] | null {
  const exchanges = exchangesOf(report, finding);
  return exchanges.find((exchange) => exchange.repro.effect === "read") ?? exchanges[0] ?? null;
}

/** Most groups of skipped checks that anybody reads. */
const SKIPPED_GROUPS_MAX = 5;

/**
 * Skipped checks, one group per reason: the first check that blocked them, a flag, or what there was none of. What
 * would be a sixth group is told by its number.
 */
export function skippedGroups(report: Report): { reason: string; ids: string[] }[] {
  const order = new Map(report.checks.map((check, index) => [check.id, index]));
  const groups = new Map<string, string[]>();
  for (const check of report.checks.filter((entry) => entry.status === "skip")) {
    const [blocker] = [...check.skippedBecause].sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
    const flag = check.flag === undefined ? "" : ` (${check.flag} would ask)`;
    const parent = report.checks.find(({ id }) => id === blocker);
    // A parent that had nothing to look at says why better than its name does.
    const reason =
      parent?.status === "skip" && parent.skippedBecause.length === 0
        ? parent.reason
        : blocker !== undefined
          ? `because of ${blocker}`
          : check.reason.startsWith("nothing to check")
            ? "nothing to check"
            : `${check.reason}${flag}`;
    groups.set(reason, [...(groups.get(reason) ?? []), check.id]);
  }
  const all = [...groups].map(([reason, ids]) => ({ reason, ids }));
  if (all.length <= SKIPPED_GROUPS_MAX) return all;
  const blocked = all.filter(({ reason }) => reason.startsWith("because of"));
  const ranked = [
    ...blocked,
    ...all.filter((group) => !blocked.includes(group)).sort((a, b) => b.ids.length - a.ids.length),
  ];
  const rest = ranked.slice(SKIPPED_GROUPS_MAX - 1);
  return [
    ...ranked.slice(0, SKIPPED_GROUPS_MAX - 1),
    { reason: `for ${rest.length} other reasons, in the JSON report`, ids: rest.flatMap(({ ids }) => ids) },
  ];
}

/** `1 error`, `2 errors`. */
export function count(n: number, one: string): string {
  return `${n} ${one}${n === 1 ? "" : "s"}`;
}

const FAILED: Readonly<Record<string, string>> = {
  dns: "has a name that does not resolve",
  connect: "accepts no connection",
  tls: "fails the TLS handshake",
  timeout: "does not answer in time",
  reset: "breaks the connection off",
  protocol: "speaks no HTTP",
  aborted: "was not asked to the end",
};

function serviceWords(report: Report, service: "file-api" | "control-plane"): string {
  const first = report.exchanges.find((exchange) => exchange.service === service);
  if (first === undefined) return "";
  if (first.response === undefined) return ` ${FAILED[first.error?.class ?? ""] ?? "gave no answer"}`;
  return ` ${first.response.status} in ${formatDuration(first.timing.totalMs)}`;
}

function tokenWords(token: Report["identity"][number], now: string): string {
  const scopes = count(token.scopes.length, "scope");
  if (token.expiresAt === null) return `${token.tokenKind}, ${scopes}`;
  const left = Date.parse(token.expiresAt) - Date.parse(now);
  return left <= 0
    ? `${scopes}, expired ${formatDuration(-left)} ago`
    : `${scopes}, expires in ${formatDuration(left)}`;
}
