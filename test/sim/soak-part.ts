/**
 * One part of a soak, in a process of its own so that nothing adds up over days: `soak-part.ts FIRST_SEED SCHEDULES`.
 * Failures are shrunk and printed; the last line counts, as JSON.
 */
import { runScript, runSeed, scriptOf, shrink } from "./run.ts";

/** The last line of a part. */
export interface PartReport {
  readonly done: number;
  readonly failures: number;
  readonly cpuSeconds: number;
  /** Faults that hit, by kind. */
  readonly faults: Readonly<Record<string, number>>;
}

if (import.meta.main) await main(Number(process.argv[2]), Number(process.argv[3]));

async function main(first: number, schedules: number): Promise<void> {
  const faults: Record<string, number> = {};
  let [done, failures, ended] = [0, 0, false];
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => (ended = true));
  for (let seed = first; seed < first + schedules && !ended; seed++) {
    const result = await runSeed(seed);
    done++;
    for (const [kind, times] of Object.entries(result.faults)) faults[kind] = (faults[kind] ?? 0) + times;
    if (result.problems.length > 0) {
      failures++;
      await explain(seed);
    }
    // Signals are told between turns of the event loop, which simulated time never leaves.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { user, system } = process.cpuUsage();
  const report: PartReport = { done, failures, cpuSeconds: (user + system) / 1e6, faults };
  process.stdout.write(`${JSON.stringify(report)}\n`);
  process.exit(0);
}

async function explain(seed: number): Promise<void> {
  const script = await shrink(scriptOf(seed), seed);
  const { problems } = await runScript(script, seed);
  const lines = [
    `FAILED: SEED=${seed} bun test test/sim`,
    ...script.map((action) => `  ${JSON.stringify(action)}`),
    ...problems.map((problem) => `  => ${problem}`),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}
