/** What a problem of a phase means for those who use the files, and the columns of the provider × phase matrix. */
import type { CheckStatus, Finding, Report } from "../report.ts";
import { count } from "./words.ts";

type Phase = Finding["phase"];

/** The seven phases of an integration in the order data travels, then the two that concern a workspace as a whole. */
const PHASES: readonly Phase[] = [
  "auth",
  "connect",
  "sync",
  "tree",
  "discovery",
  "writeback",
  "inbound",
  "digest",
  "local",
];
const ALWAYS_SHOWN = 7;

const MEANING: Readonly<Record<Phase, string>> = {
  auth: "Nobody can read or write with these credentials, and nothing behind them can be judged.",
  connect: "A service does not answer as it should, so every client of it retries, waits or fails.",
  sync: "Records at the provider change without their files changing: readers act on an old state.",
  tree: "Files are missing or unreadable, so agents that walk the tree do not see the records.",
  discovery: "Agents cannot learn which fields they may write, and drafts are accepted without validation.",
  writeback: "A change that was saved as a file has not reached the provider; its author believes it has.",
  inbound: "What happens at the provider does not arrive, or arrives more than once.",
  digest: "Readers of the digest do not learn of activity that took place.",
  local: "The directory on this machine is not what the workspace holds.",
};

/** Sentences on why the root causes matter, the gravest phase first; empty when there are none. */
export function whyItMatters(report: Report, roots: readonly Finding[]): string[] {
  const phases = [...new Set(roots.filter((root) => root.severity !== "info").map((root) => root.phase))];
  const explained = report.findings.filter((finding) => finding.causedBy.length > 0).length;
  const blocked = report.checks.filter((check) => check.skippedBecause.length > 0).length;
  return [
    ...phases.map((phase) => MEANING[phase]),
    ...(explained === 0
      ? []
      : [`${count(explained, "further finding")} of this run follow from the causes named here.`]),
    ...(blocked === 0 ? [] : [`${count(blocked, "check")} could not run because of them.`]),
  ];
}

/** The matrix as a table: its columns in the order data travels, and a status or null for each cell. */
export function matrixOf(report: Report): {
  readonly phases: readonly string[];
  readonly rows: readonly { readonly provider: string; readonly cells: readonly (CheckStatus | null)[] }[];
} {
  const used = new Set(report.matrix.flatMap((entry) => Object.keys(entry.phases)));
  const phases: string[] = PHASES.filter((phase, index) => index < ALWAYS_SHOWN || used.has(phase));
  // A newer report may know further phases.
  phases.push(...[...used].filter((phase) => !(PHASES as readonly string[]).includes(phase)).sort());
  const rows = report.matrix.map(({ provider, phases: cells }) => ({
    provider,
    cells: phases.map((phase) => (Object.hasOwn(cells, phase) ? (cells[phase] ?? null) : null)),
  }));
  return { phases, rows };
}
