/**
 * Runs the whole fault lab and writes what it measured to docs/diagnosis.md. Ends with 1 when the diagnosis is worse than
 * promised: 95 % of single faults, 85 % of pairs, no false alarm.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { FAULTS, PAIRS } from "../test/faults/all.ts";
import { HEALTHY } from "../test/faults/healthy.ts";
import { judgeFault, judgeHealthy, judgePair, type Verdict } from "../test/faults/judge.ts";
import { openLab } from "../test/faults/lab.ts";
import { ALL_CHECKS } from "../verify/suites.ts";
import { SYMPTOM_CODES } from "../verify/symptoms/codes.ts";
import { diagnosisDocument, type Measured } from "./diagnosis/document.ts";

const PROMISED = { singles: 0.95, pairs: 0.85 } as const;

/** Runs every fault, pair and healthy stack once. */
export async function measure(say: (line: string) => void): Promise<Measured> {
  const startedMs = performance.now();
  const singles: Verdict[] = [];
  const pairs: Verdict[] = [];
  const healthy: Verdict[] = [];
  await using lab = openLab();
  for (const fault of FAULTS) singles.push(told(await judgeFault(lab, fault), say));
  for (const pair of PAIRS) pairs.push(told(await judgePair(lab, pair), say));
  for (const one of HEALTHY) {
    await using bench = await lab.bench(one);
    await one.prepare(bench);
    for (const verdict of await judgeHealthy(bench, one.id, one.asks)) healthy.push(told(verdict, say));
  }
  return {
    singles,
    pairs,
    healthy,
    codes: [...new Set(ALL_CHECKS.flatMap((check) => Object.keys(check.findings)))].sort(),
    refs: Object.fromEntries(FAULTS.map(({ id, refs }) => [id, refs])),
    symptoms: Object.keys(SYMPTOM_CODES).map(Number),
    durationMs: performance.now() - startedMs,
  };
}

function told(verdict: Verdict, say: (line: string) => void): Verdict {
  if (verdict.problems.length > 0) say(`${verdict.id}: ${verdict.problems.join("; ")}`);
  return verdict;
}

function share(verdicts: readonly Verdict[]): number {
  return verdicts.filter(({ right }) => right).length / Math.max(1, verdicts.length);
}

if (import.meta.main) {
  const measured = await measure((line) => process.stderr.write(`${line}\n`));
  const path = join(import.meta.dir, "..", "docs", "diagnosis.md");
  writeFileSync(path, diagnosisDocument(measured));
  const kept =
    share(measured.singles) >= PROMISED.singles &&
    share(measured.pairs) >= PROMISED.pairs &&
    share(measured.healthy) === 1;
  const figures = [measured.singles, measured.pairs, measured.healthy].map(
    (all) => `${Math.round(share(all) * 1_000) / 10} %`,
  );
  process.stdout.write(
    `singles ${figures[0]}, pairs ${figures[1]}, healthy ${figures[2]}; wrote docs/diagnosis.md\n`,
  );
  process.exit(kept ? 0 : 1);
}
