/** docs/checks.md: every check and every finding, from the declarations. */
import type { Check } from "../../verify/check.ts";
import { ALL_CHECKS, SUITES } from "../../verify/suites.ts";
import { code, GENERATED, table } from "./markdown.ts";

/** The page. */
export function renderChecks(): string {
  const suites = Object.entries(SUITES).flatMap(([suite, checks]) => [
    `## ${suite}`,
    table(
      ["check", "in a healthy system", "severity", "phase"],
      checks.map(({ id, title, severity, phase }) => [
        `[${code(id)}](#${anchor(id)})`,
        title,
        severity,
        phase,
      ]),
    ),
    ...checks.map(section),
  ]);
  return `${[
    GENERATED,
    "# Checks",
    "What `relayfile doctor` and `relayfile verify` ask, in the order of the report. `relayfile explain CODE` shows one of these offline.",
    ...suites,
    "## Probes and the checks that answer them",
    table(["probe", "checks"], probes()),
  ].join("\n\n")}\n`;
}

/** Every probe of the catalogue with the checks that name it, by suite and number. */
function probes(): string[][] {
  const answered = new Map<string, string[]>();
  for (const { id, refs } of ALL_CHECKS)
    for (const ref of refs)
      if (/^(?:DR|VD|VG|VW)-\d+$/.test(ref)) answered.set(ref, [...(answered.get(ref) ?? []), id]);
  return [...answered]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([probe, ids]) => [probe, ids.map((id) => `[${code(id)}](#${anchor(id)})`).join(", ")]);
}

function section(check: Check): string {
  const facts = [
    `Healthy: ${check.title}.`,
    `Looks at: ${[...check.needs, ...(check.wants ?? []).map((name) => `${name} (if there)`)].map(String).join(", ") || "nothing"}.`,
    check.after.length === 0 ? "" : `After: ${check.after.map(code).join(", ")}.`,
    check.refs.length === 0 ? "" : `Refs: ${check.refs.join(", ")}.`,
    `Hint: ${check.hint}.`,
  ].filter((line) => line !== "");
  const findings = Object.entries(check.findings).map(([id, { severity, means, decided, not, fix }]) =>
    [
      `- ${code(id)} (${severity})`,
      `  - means: ${means}`,
      `  - decided by: ${decided}`,
      `  - is not: ${not}`,
      `  - to do: ${fix}`,
    ].join("\n"),
  );
  return [`### ${check.id}`, facts.join("\n"), ...(findings.length === 0 ? [] : [findings.join("\n")])].join(
    "\n\n",
  );
}

/** The anchor that a heading of this text gets. */
function anchor(heading: string): string {
  return heading.replaceAll(".", "");
}
