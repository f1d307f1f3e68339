/** The page about how well the diagnosis works, as a pure function of what a run of the fault lab measured. */
import type { Verdict } from "../../test/faults/judge.ts";

/** What one run of the lab measured. */
export interface Measured {
  readonly singles: readonly Verdict[];
  readonly pairs: readonly Verdict[];
  /** One verdict per question asked of a healthy stack. */
  readonly healthy: readonly Verdict[];
  /** Every finding code that a check can return. */
  readonly codes: readonly string[];
  /** References of the faults, by fault id. */
  readonly refs: Readonly<Record<string, readonly string[]>>;
  /** Rows of the symptom table that this product answers. */
  readonly symptoms: readonly number[];
  readonly durationMs: number;
}

/** The page as Markdown. */
export function diagnosisDocument(measured: Measured): string {
  return [
    "# How well the diagnosis works",
    "",
    "Measured by `bun scripts/diagnosis.ts`, which injects every fault of `test/faults` into a real stack and reads the",
    "report. A diagnosis is right when the first root cause is the injected one; for two faults at once, when both are",
    "among the root causes. What only looks like a fault must be noted with no more than `info` and give no root cause.",
    "A false alarm is anything above `info` on a healthy stack.",
    "",
    ...headline(measured),
    "## Confusion by family",
    "",
    "Rows: the family of the injected fault. Columns: the family whose faults the first root cause belongs to.",
    "",
    ...confusion(measured.singles),
    "## Wrong diagnoses",
    "",
    ...wrong([...measured.singles, ...measured.pairs, ...measured.healthy]),
    "## Time and size",
    "",
    ...timeAndSize(measured),
    "## Two faults at once",
    "",
    ...pairTable(measured.pairs),
    "## What no fault shows",
    "",
    ...notShown(measured),
    "## Every fault",
    "",
    ...everyFault(measured),
  ].join("\n");
}

function headline({ singles, pairs, healthy, durationMs }: Measured): string[] {
  const stacks = new Set(healthy.map(({ id }) => id)).size;
  const alarms = healthy.filter(({ right }) => !right).length;
  const clean = singles.filter(({ problems }) => problems.length === 0).length;
  return table(
    ["measure", "value"],
    [
      [
        "single faults, first root cause right",
        ratio(singles.filter(({ right }) => right).length, singles.length),
      ],
      [
        "single faults, nothing else wrong either (exit code, known issue, other causes)",
        ratio(clean, singles.length),
      ],
      [
        "pairs of faults, both root causes named",
        ratio(pairs.filter(({ right }) => right).length, pairs.length),
      ],
      ["pairs of faults without any further root cause", ratio(pairs.filter(isExact).length, pairs.length)],
      [`healthy stacks with a false alarm (${healthy.length} reports)`, `${alarms} of ${stacks}`],
      ["whole run", `${Math.round(durationMs / 1000)} s`],
    ],
  );
}

function isExact({ right, roots, expected }: Verdict): boolean {
  return right && new Set(roots).size === new Set(expected).size;
}

function confusion(singles: readonly Verdict[]): string[] {
  const families = [...new Set(singles.map(({ family }) => family))];
  const owner = ownersOf(singles);
  const columns = [...families, "other", "none"];
  const named = ({ family, right, roots: [first] }: Verdict) =>
    right ? family : first === undefined ? "none" : (owner.get(first) ?? "other");
  const rows = families.map((family) => {
    const own = singles.filter((verdict) => verdict.family === family);
    const cells = columns.map((column) => own.filter((verdict) => named(verdict) === column).length);
    return [family, ...cells.map((count) => (count === 0 ? "" : String(count)))];
  });
  return table(["injected", ...columns], rows);
}

/** The family whose faults expect a code most often. */
function ownersOf(singles: readonly Verdict[]): Map<string, string> {
  const counts = new Map<string, Map<string, number>>();
  for (const { family, expected } of singles) {
    for (const code of expected) {
      const of = counts.get(code) ?? new Map<string, number>();
      of.set(family, (of.get(family) ?? 0) + 1);
      counts.set(code, of);
    }
  }
  return new Map(
    [...counts].map(([code, of]) => [code, [...of].sort((a, b) => b[1] - a[1])[0]?.[0] ?? "other"]),
  );
}

function wrong(verdicts: readonly Verdict[]): string[] {
  const bad = verdicts.filter(({ problems }) => problems.length > 0);
  if (bad.length === 0) return ["None.", ""];
  return [...bad.map(({ id, problems }) => `- \`${id}\`: ${problems.join("; ")}`), ""];
}

function timeAndSize({ singles, pairs, healthy }: Measured): string[] {
  const rows = (
    [
      ["single faults", singles],
      ["pairs", pairs],
      ["healthy stacks", healthy],
    ] as const
  ).map(([name, verdicts]) => [
    name,
    `${middle(verdicts.map(({ ms }) => ms))} ms`,
    `${most(verdicts.map(({ ms }) => ms))} ms`,
    bytes(verdicts.map(({ shortBytes }) => shortBytes)),
    bytes(verdicts.map(({ jsonBytes }) => jsonBytes)),
  ]);
  return [
    ...table(
      ["", "median time to verdict", "longest", "`--short`, median / most", "`--json`, median / most"],
      rows,
    ),
    "Times are of the command inside one process, with the stack, the proxy and the tests of others on the same two",
    "cores; time leaps over the waiting of faults of silence.",
    "",
  ];
}

function pairTable(pairs: readonly Verdict[]): string[] {
  const byFamily = Map.groupBy(pairs, ({ family }) => family);
  return table(
    ["families", "pairs", "both named", "a further root cause"],
    [...byFamily]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([family, own]) => [
        family,
        String(own.length),
        String(own.filter(({ right }) => right).length),
        String(own.filter((verdict) => verdict.right && !isExact(verdict)).length),
      ]),
  );
}

function notShown({ singles, codes, refs, symptoms }: Measured): string[] {
  const shown = new Set(singles.flatMap((verdict) => verdict.codes));
  const missing = codes.filter((code) => !shown.has(code));
  const staged = new Set(Object.values(refs).flat());
  const absent = symptoms.filter((row) => !staged.has(`symptom:${row}`));
  return [
    `Finding codes seen in some report: ${ratio(codes.length - missing.length, codes.length)}. Never seen here: ${list(missing)}.`,
    "",
    `Rows of the symptom table with a fault: ${ratio(symptoms.length - absent.length, symptoms.length)}. Without one: ${list(absent.map(String))}.`,
    "",
  ];
}

function everyFault({ singles, refs }: Measured): string[] {
  const rows = singles.map(({ id, family, expected, roots, right, ms }) => [
    `\`${id}\``,
    family,
    // What only looks like a fault has no root cause; what it is noted as stands in its place.
    right && roots.length === 0
      ? `none, noted as \`${expected[0]}\``
      : `\`${roots[0] ?? "none"}\`${right ? "" : " (wrong)"}`,
    (refs[id] ?? []).join(" "),
    `${Math.round(ms)}`,
  ]);
  return table(["fault", "family", "first root cause", "refs", "ms"], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line), ""];
}

function ratio(part: number, whole: number): string {
  return `${part} of ${whole} (${whole === 0 ? 0 : Math.round((1_000 * part) / whole) / 10} %)`;
}

function bytes(sizes: readonly number[]): string {
  return `${middle(sizes).toLocaleString("en")} / ${most(sizes).toLocaleString("en")} bytes`;
}

function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0);
}

function most(values: readonly number[]): number {
  return Math.round(Math.max(0, ...values));
}

function list(values: readonly string[]): string {
  return values.length === 0 ? "none" : values.map((value) => `\`${value}\``).join(", ");
}
