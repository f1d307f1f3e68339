/** Runs faults, alone and two at a time, and compares what the report says with what it must say. */
import { renderShort } from "../../verify/render/short.ts";
import { PLAIN } from "../../verify/render/style.ts";
import type { Report } from "../../verify/report.ts";
import { rootFindings } from "../support/report-rig.ts";
import { suggestionProblems } from "../support/suggested-commands.ts";
import type { Ask, Fault } from "./fault.ts";
import type { Bench, Lab } from "./lab.ts";

/** One run compared with its expectation. `problems` is empty when the diagnosis is right. */
export interface Verdict {
  readonly id: string;
  readonly family: string;
  readonly expected: readonly string[];
  /** Codes of the root causes in the report's order. */
  readonly roots: readonly string[];
  /** Every finding code in the report. */
  readonly codes: readonly string[];
  /** True when the first root cause (for pairs: both) is named. */
  readonly right: boolean;
  readonly problems: readonly string[];
  readonly ms: number;
  readonly shortBytes: number;
  readonly jsonBytes: number;
}

/** No report may take longer than this, ms. */
export const REPORT_MS_MAX = 15_000;

/** Injects one fault and judges the report. The bench is thrown away afterwards. */
export async function judgeFault(lab: Lab, fault: Fault): Promise<Verdict> {
  await using bench = await lab.bench(fault);
  await fault.inject(bench);
  const { report, ms } = await bench.diagnose(fault.ask, fault.leaps);
  const roots = rootFindings(report);
  const codes = roots.map((finding) => finding.code);
  const { root, exit, knownIssue, also = [], notes = [] } = fault.expect;
  const allowed = new Set<string | null>([root, ...also]);
  const unnoted = notes.filter((code) => !report.findings.some((finding) => finding.code === code));
  const problems = [
    ...differs("first root cause", codes[0] ?? "none", root ?? "none"),
    ...differs("exit", report.exitCode, exit),
    ...(knownIssue === undefined
      ? []
      : differs("known issue", roots[0]?.knownIssue?.id ?? "none", knownIssue ?? "none")),
    ...codes.filter((code) => !allowed.has(code)).map((code) => `also names ${code} as a root cause`),
    ...present(report, fault.never).map((code) => `must not name ${code}`),
    ...unnoted.map((code) => `does not note ${code}`),
    ...(await suggestionProblems(report)),
    ...(ms > REPORT_MS_MAX ? [`took ${Math.round(ms)} ms`] : []),
  ];
  return {
    ...measured(fault.id, fault.family, report, ms),
    expected: root === null ? notes : [root],
    right: (codes[0] ?? null) === root && unnoted.length === 0,
    problems,
  };
}

/** Injects two faults at once; both root causes must be there, and nothing that neither explains. */
export async function judgePair(lab: Lab, pair: Pair): Promise<Verdict> {
  const { a, b } = pair;
  await using bench = await lab.bench(pair);
  await a.inject(bench);
  await b.inject(bench);
  const { report, ms } = await bench.diagnose(pair.ask, a.leaps || b.leaps);
  const codes = rootFindings(report).map((finding) => finding.code);
  const wanted = [a.expect.root, b.expect.root].filter((code) => code !== null);
  const right = wanted.every((code) => codes.includes(code));
  const allowed = [...wanted, ...(a.expect.also ?? []), ...(b.expect.also ?? [])] as string[];
  const problems = [
    ...wanted.filter((code) => !codes.includes(code)).map((code) => `does not name ${code} as a root cause`),
    ...codes.filter((code) => !allowed.includes(code)).map((code) => `also names ${code} as a root cause`),
    ...(ms > REPORT_MS_MAX ? [`took ${Math.round(ms)} ms`] : []),
  ];
  return { ...measured(pair.id, `${a.family} + ${b.family}`, report, ms), expected: wanted, right, problems };
}

/** Judges a bench where all is well, one verdict per question: anything above info is a false alarm. */
export async function judgeHealthy(bench: Bench, id: string, asks: readonly Ask[]): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const ask of asks) {
    const { report, ms } = await bench.diagnose(ask);
    const alarms = report.findings.filter((finding) => finding.severity !== "info");
    const problems = [
      ...alarms.map((finding) => `${ask.what} reports ${finding.code}: ${finding.title}`),
      ...differs(`exit of ${ask.what}`, report.exitCode, 0),
      ...(await suggestionProblems(report)),
    ];
    const verdict = { ...measured(id, "healthy", report, ms), expected: [], right: problems.length === 0 };
    verdicts.push({ ...verdict, problems });
  }
  return verdicts;
}

/** Two faults that one bench can have at once. */
export interface Pair {
  readonly id: string;
  readonly a: Fault;
  readonly b: Fault;
  readonly shape: Fault["shape"];
  readonly ownStack: boolean;
  readonly mirror: boolean;
  readonly ask: Ask;
}

/** True when both have a root cause, neither hides the other and one report can show both. */
export function arePairable(a: Fault, b: Fault): boolean {
  const hidden = (by: Fault, of: Fault) => by.breaks.some((part) => of.needs.includes(part));
  const sameAsk = JSON.stringify(a.ask) === JSON.stringify(b.ask);
  const causes = a.expect.root !== null && b.expect.root !== null;
  return causes && a.family !== b.family && a.shape === b.shape && sameAsk && !hidden(a, b) && !hidden(b, a);
}

/**
 * Pairs across families, always the same ones: every two families contribute in turn, and within them faults take turns,
 * so that as many faults and combinations as possible are met.
 */
export function pairsOf(faults: readonly Fault[], wanted: number): Pair[] {
  const families = [...new Set(faults.map((fault) => fault.family))];
  const queues = families.flatMap((first, index) =>
    families.slice(index + 1).map((second) => {
      const all = faults
        .filter((fault) => fault.family === first)
        .flatMap((a) =>
          faults.filter((b) => b.family === second && arePairable(a, b)).map((b) => ({ a, b })),
        );
      return { all, taken: 0 };
    }),
  );
  const uses = new Map<string, number>();
  const pairs: Pair[] = [];
  for (let progress = true; progress && pairs.length < wanted; ) {
    progress = false;
    for (const queue of queues) {
      if (pairs.length >= wanted) break;
      const used = ({ a, b }: { a: Fault; b: Fault }) => (uses.get(a.id) ?? 0) + (uses.get(b.id) ?? 0);
      const next = queue.all.reduce<{ a: Fault; b: Fault } | null>(
        (best, pair) => (best === null || used(pair) < used(best) ? pair : best),
        null,
      );
      if (next === null) continue;
      queue.all.splice(queue.all.indexOf(next), 1);
      progress = true;
      for (const { id } of [next.a, next.b]) uses.set(id, (uses.get(id) ?? 0) + 1);
      pairs.push(pairOf(next.a, next.b));
    }
  }
  return pairs;
}

function pairOf(a: Fault, b: Fault): Pair {
  return {
    id: `${a.id} + ${b.id}`,
    a,
    b,
    shape: a.shape,
    ownStack: a.ownStack || b.ownStack,
    mirror: a.mirror || b.mirror,
    ask: a.ask,
  };
}

function measured(id: string, family: string, report: Report, ms: number) {
  const size = (text: string) => new TextEncoder().encode(text).byteLength;
  return {
    id,
    family,
    roots: rootFindings(report).map((finding) => finding.code),
    codes: [...new Set(report.findings.map((finding) => finding.code))].sort(),
    ms,
    shortBytes: size(renderShort(report, PLAIN)),
    // As it is printed: indented.
    jsonBytes: size(JSON.stringify(report, null, 2)),
  };
}

function differs(what: string, got: string | number, wanted: string | number): string[] {
  return got === wanted ? [] : [`${what} is ${got}, not ${wanted}`];
}

function present(report: Report, codes: readonly string[]): string[] {
  return codes.filter((code) => report.findings.some((finding) => finding.code === code));
}
