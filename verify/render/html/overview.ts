/** What was looked at and where: the matrix, the checks by their answer, the facts of the run. */
import { formatDuration } from "../../../lib/model/duration.ts";
import type { CheckResult, CheckStatus, Report } from "../../report.ts";
import { matrixOf } from "../impact.ts";
import { count, skippedGroups } from "../words.ts";
import { html, type Markup } from "./markup.ts";
import { chip, commandBlock, fact, mark } from "./parts.ts";
import { timeWords } from "./verdict.ts";

const ORDER: readonly CheckStatus[] = ["fail", "unknown", "warn", "pass", "skip"];
const WORDS: Readonly<Record<CheckStatus, string>> = {
  fail: "failed",
  unknown: "undecided",
  warn: "with warnings",
  pass: "passed",
  skip: "skipped",
};

/** Provider × phase; null when no provider was judged. */
export function matrixTable(report: Report): Markup | null {
  const { phases, rows } = matrixOf(report);
  if (rows.length === 0) return null;
  return html`<div class="scroll" tabindex="0" role="group" aria-label="Providers and phases"><table class="matrix">
<thead><tr><th scope="col">provider</th>${phases.map((phase) => html`<th scope="col">${phase}</th>`)}</tr></thead>
<tbody>
${rows.map(
  ({
    provider,
    cells,
  }) => html`<tr><th scope="row">${provider}</th>${cells.map((status) => html`<td>${status === null ? html`<span class="quiet" aria-label="not judged">·</span>` : mark(status)}</td>`)}</tr>
`,
)}</tbody></table></div>`;
}

/** Checks grouped by status, what needs attention open. */
export function checkList(report: Report): Markup | null {
  if (report.checks.length === 0) return null;
  return html`<div class="stack">${ORDER.map((status) => {
    const checks = report.checks.filter((check) => check.status === status);
    if (checks.length === 0) return null;
    const open = status === "fail" || status === "unknown" || status === "warn";
    return html`<details class="group"${open ? html` open` : null}><summary>${mark(status)}<span class="grow">${checks.length} ${WORDS[status]}</span></summary>
${status === "skip" ? skipped(report) : checkTable(checks)}</details>
`;
  })}</div>`;
}

function checkTable(checks: readonly CheckResult[]): Markup {
  return html`<ul class="checks">${checks.map(
    (
      check,
    ) => html`<li><code>${check.id}</code><span class="grow">${check.reason}${check.flaky === true ? chip("flaky", "warn") : null}</span><span class="quiet took">${formatDuration(check.durationMs)}</span></li>
`,
  )}</ul>`;
}

function skipped(report: Report): Markup {
  return html`<ul class="checks">${skippedGroups(report).map(
    ({
      reason,
      ids,
    }) => html`<li><span class="grow">${reason}</span><span class="ids">${ids.map((id) => html`<code>${id}</code> `)}</span></li>
`,
  )}</ul>`;
}

/** The ordered list of what to do. */
export function actionList(report: Report): Markup | null {
  if (report.nextActions.length < 2) return null;
  return html`<ol class="actions">${report.nextActions.map(
    (
      action,
    ) => html`<li><p><strong>${action.title}</strong></p><p class="quiet">${action.why}</p>${commandBlock(action.argv, action.effect, action.safe)}</li>
`,
  )}</ol>`;
}

/** Services, credentials, clock: the facts everyone asks for first. */
export function keyFacts(report: Report): Markup {
  const { target, environment, identity } = report;
  const skew = environment.clockSkewMs;
  return html`<dl class="facts">
${fact("File API", service(report, "file-api", target.fileApi.baseUrl))}
${target.controlPlane === null ? null : fact("Control plane", service(report, "control-plane", target.controlPlane.baseUrl))}
${identity.length === 0 ? fact("Credentials", html`none used`) : identity.map((one) => fact(one.kind === "workspace" ? "Workspace token" : "Cloud token", credential(report, one)))}
${skew === null ? null : fact("Clock", html`${skew >= 0 ? "+" : "−"}${formatDuration(Math.abs(skew))} against the service`)}
${target.mountDir === null ? null : fact("Mirror", html`<code>${target.mountDir}</code>`)}
${environment.proxy === "present" ? fact("Proxy", html`present`) : null}
</dl>`;
}

function service(report: Report, name: "file-api" | "control-plane", url: string): Markup {
  const first = report.exchanges.find((exchange) => exchange.service === name);
  const answer =
    first === undefined
      ? "not asked"
      : `${first.response?.status ?? first.error?.class ?? "no answer"} in ${formatDuration(first.timing.totalMs)}`;
  return html`<code>${url}</code><br>${answer}`;
}

function credential(report: Report, one: Report["identity"][number]): Markup {
  const left = one.expiresAt === null ? null : Date.parse(one.expiresAt) - Date.parse(report.finishedAt);
  const life =
    left === null || Number.isNaN(left)
      ? ""
      : left <= 0
        ? `, expired ${formatDuration(-left)} ago`
        : `, expires in ${formatDuration(left)}`;
  return html`${one.tokenKind}, ${count(one.scopes.length, "scope")}${life}<br><span class="quiet">${one.source} · <code>${one.fingerprint}</code></span>`;
}

/** How the run was made: everything a colleague needs to repeat it. */
export function runFacts(report: Report): Markup {
  const { tool, policy, redactions } = report;
  const globs = [
    ...policy.only.map((glob) => `--only ${glob}`),
    ...policy.skip.map((glob) => `--skip ${glob}`),
  ];
  return html`<dl class="facts wide">
${fact("Report", html`<code>${report.reportId}</code>`)}
${fact("Run", html`<code>${report.runId}</code>, ${timeWords(report.startedAt)}, ${formatDuration(report.durationMs)}`)}
${fact("Tool", html`${tool.name} ${tool.version}${tool.commit === null ? "" : ` (${tool.commit})`} on ${tool.os} ${tool.arch}, ${tool.runtime}`)}
${fact("Policy", html`fails on ${policy.failOn}${policy.timeoutMs === null ? "" : `, within ${formatDuration(policy.timeoutMs)}`}${globs.map((glob) => html` <code>${glob}</code>`)}`)}
${report.config.map(({ key, value, origin }) => fact(key, html`<code>${value}</code> <span class="quiet">${origin}</span>`))}
${fact("Redacted", html`${count(redactions.count, "value")}${redactions.rules.length === 0 ? "" : `: ${redactions.rules.join(", ")}`}`)}
${report.truncated.map(({ what, kept, dropped }) => fact("Left out", html`${what}: ${kept} kept, ${dropped} dropped`))}
${(report.attempts ?? []).map(({ n, outcome, durationMs }) => fact(`Attempt ${n}`, html`${outcome} after ${formatDuration(durationMs)}`))}
${report.bundle === undefined ? null : fact("Bundle", html`<code>${report.bundle.path}</code>, ${report.bundle.bytes} bytes`)}
</dl>`;
}

/** What write probes wrote and what has become of it; null when none ran. */
export function writeList(report: Report): Markup | null {
  if (report.writes === undefined || report.writes.length === 0) return null;
  return html`<ul class="checks">${report.writes.map(
    (
      one,
    ) => html`<li>${chip(one.state, one.state === "removed" || one.state === "restored" ? "pass" : "warn")}<span class="grow">${one.action} <code>${one.path}</code>${one.undo === null ? null : html`<br><span class="quiet">${one.undo.text}</span>${commandBlock(one.undo.argv, "write", false)}`}</span><code>${one.marker}</code></li>
`,
  )}</ul>`;
}
