/** What every code means, offline: pages built from the declarations of checks, known issues, errors and exit codes. */
import { ERRORS, type ErrorCode, EXIT } from "../lib/errors.ts";
import type { Check, FindingSpec } from "./check.ts";
import { KNOWN_ISSUES, type KnownIssue } from "./known-issues.ts";
import { ALL_CHECKS } from "./suites.ts";
import { SYMPTOM_CODES } from "./symptoms/codes.ts";
import { SYMPTOMS } from "./symptoms/mod.ts";

/** One page. */
export interface Explanation {
  /** What was asked for, as it is spelled in reports. */
  readonly id: string;
  readonly type: "finding" | "check" | "issue" | "symptom" | "probe" | "error" | "seed";
  readonly title: string;
  /** Paragraphs with their headings, in reading order. */
  readonly sections: readonly { readonly heading: string; readonly text: string }[];
  /** Other pages worth reading. */
  readonly see: readonly string[];
}

/** Codes that a suite adds by itself, beside those of its checks. */
export const SUITE_FINDINGS: Readonly<Record<string, FindingSpec>> = Object.fromEntries(
  (["doctor", "discovery", "digest", "writeback"] as const).map((suite) => [
    `${suite}.nothing-verified`,
    {
      severity: "info",
      means:
        "Every check of the suite found nothing to judge. That is not a pass: nobody knows whether the thing works.",
      decided: "The number of subjects judged by the suite's own checks is zero.",
      not: "Not a failure either; the exit code is 3, could not determine.",
      fix: "Name a workspace or a provider that holds data, or feed one with relayfile ingest.",
    } satisfies FindingSpec,
  ]),
);

/** Every finding code with the check that raises it. */
export function findingCodes(): { code: string; spec: FindingSpec; check: Check | null }[] {
  const own = ALL_CHECKS.flatMap((check) =>
    Object.entries(check.findings).map(([code, spec]) => ({ code, spec, check: check as Check | null })),
  );
  const added = Object.entries(SUITE_FINDINGS).map(([code, spec]) => ({ code, spec, check: null }));
  return [...own, ...added];
}

/** The pages for a term: a finding code, a check id, `cloud#778`, `symptom:37`, `DR-05`, `S19` or an error code. */
export function explain(term: string): Explanation[] {
  const wanted = term.trim().toLowerCase();
  const pages = [
    ...findingCodes()
      .filter(({ code }) => code === wanted)
      .map(findingPage),
    ...ALL_CHECKS.filter((check) => check.id === wanted).map(checkPage),
    ...KNOWN_ISSUES.filter((issue) => issue.id.toLowerCase() === wanted).map(issuePage),
    ...SYMPTOMS.filter((symptom) => symptom.id === wanted).map((symptom) => symptomPage(symptom.id)),
    ...(Object.hasOwn(ERRORS, wanted) ? [errorPage(wanted as ErrorCode)] : []),
  ];
  if (pages.length > 0) return pages;
  const checks = ALL_CHECKS.filter((check) => refsOf(check).some((ref) => ref.toLowerCase() === wanted));
  return checks.map(checkPage);
}

/** Every term `explain` knows, sorted, for suggestions and completions. */
export function explainTerms(): string[] {
  return [
    ...new Set([
      ...findingCodes().map(({ code }) => code),
      ...ALL_CHECKS.map((check) => check.id),
      ...ALL_CHECKS.flatMap(refsOf),
      ...KNOWN_ISSUES.map((issue) => issue.id),
      ...SYMPTOMS.map((symptom) => symptom.id),
      ...Object.keys(ERRORS),
    ]),
  ].sort();
}

function findingPage({
  code,
  spec,
  check,
}: {
  code: string;
  spec: FindingSpec;
  check: Check | null;
}): Explanation {
  const issues = KNOWN_ISSUES.filter((issue) => (issue.codes as readonly string[]).includes(code));
  const exit =
    spec.class === "auth" ? "exit 4" : spec.class === "transient" ? "exit 3, repeat later" : "exit 1";
  return {
    id: code,
    type: "finding",
    title: check === null ? "the suite judged nothing" : `contradicts: ${check.title}`,
    sections: [
      { heading: "What it means", text: spec.means },
      { heading: "How it was decided", text: spec.decided },
      { heading: "What it is not", text: spec.not },
      { heading: "What to do", text: spec.fix },
      {
        heading: "Severity",
        text: spec.severity === "error" ? `error (${exit} as a root cause)` : spec.severity,
      },
    ],
    see: [...(check === null ? [] : [check.id, ...check.refs]), ...issues.map((issue) => issue.id)],
  };
}

function checkPage(check: Check): Explanation {
  return {
    id: check.id,
    type: "check",
    title: check.title,
    sections: [
      {
        heading: "What is looked at",
        text: `Evidence: ${[...check.needs, ...(check.wants ?? [])].join(", ")}.`,
      },
      {
        heading: "What it stands on",
        text:
          check.after.length === 0
            ? "Nothing."
            : `Skipped when one of these does not pass: ${check.after.join(", ")}.`,
      },
      { heading: "What to do when it fails", text: check.hint },
      { heading: "Findings", text: Object.keys(check.findings).join(", ") },
    ],
    see: [...Object.keys(check.findings), ...check.refs],
  };
}

function issuePage(issue: KnownIssue): Explanation {
  return {
    id: issue.id,
    type: "issue",
    title: issue.title,
    sections: [
      { heading: "What it means", text: issue.explain },
      { heading: "How it is recognised", text: signsOf(issue) },
      { heading: "What it is not", text: `${issue.notThis.join("; ")}.` },
      { heading: "What to do", text: issue.workaround },
      { heading: "State", text: stateOf(issue) },
    ],
    see: [...issue.codes],
  };
}

/** The signs of an issue; those of one finding only stand behind its code. */
function signsOf({ signs }: KnownIssue): string {
  const groups = Map.groupBy(signs, ({ of }) => of);
  return [...groups]
    .map(
      ([code, own]) =>
        `${code === undefined ? "" : `as ${code}: `}${own.map(({ words }) => words).join("; ")}.`,
    )
    .join(" ");
}

function stateOf({ status, fixedIn }: KnownIssue): string {
  return fixedIn === undefined
    ? status
    : `${status} in ${fixedIn}; a match on a server of that version or later is called a regression.`;
}

function symptomPage(id: string): Explanation {
  const symptom = SYMPTOMS.find((entry) => entry.id === id);
  const checks = ALL_CHECKS.filter((check) => refsOf(check).includes(id));
  const codes = SYMPTOM_CODES[Number(id.split(":")[1])] ?? [];
  return {
    id,
    type: "symptom",
    title: symptom?.symptom ?? id,
    sections: [
      { heading: "Cause", text: symptom?.cause ?? "" },
      { heading: "How to tell it apart", text: symptom?.evidence ?? "" },
      { heading: "What to do", text: symptom?.fix ?? "" },
      {
        heading: "Shows as",
        text: codes.length > 0 ? codes.join(", ") : "nothing here: it concerns another product",
      },
    ],
    see: [...codes, ...checks.map((check) => check.id)],
  };
}

function errorPage(code: ErrorCode): Explanation {
  const spec = ERRORS[code];
  return {
    id: code,
    type: "error",
    title: `error code ${code}`,
    sections: [
      { heading: "What to do", text: spec.hint },
      { heading: "Exit code", text: `${EXIT[spec.exit]} (${spec.exit})` },
      {
        heading: "On the wire",
        text: spec.status === null ? "never sent by a service" : `HTTP ${spec.status}`,
      },
      { heading: "Next step for a program", text: spec.next },
    ],
    see: [],
  };
}

function refsOf(check: Check): string[] {
  return [...check.refs];
}
