/**
 * Random schedules for the simulated mount, as many as there is time for: `soak.ts SCHEDULES [FIRST_SEED]`. A
 * failure is shrunk, printed with its seed, and does not end the run. At the end, which Ctrl-C brings early: how many
 * ran and how fast, which faults hit, and how much of the code ran in some hundred and in every kill point.
 */
import { runScript, runSeed, scriptOf, shrink } from "./run.ts";

const SCHEDULES = Number(process.argv[2] ?? "100000");
const FIRST = Number(process.argv[3] ?? "1");
const MEASURED = Math.min(SCHEDULES, Number(process.env.COVERED_SCHEDULES ?? "300"));
const TELL_EVERY_MS = 60_000;

const say = (line: string) => process.stdout.write(`${line}\n`);
const faults = new Map<string, number>();
const startedMs = performance.now();
let failures = 0;
let toldMs = startedMs;
let done = 0;
let ended = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => (ended = true));

for (let seed = FIRST; seed < FIRST + SCHEDULES && !ended; seed++) {
  const result = await runSeed(seed);
  done++;
  for (const [kind, times] of Object.entries(result.faults))
    faults.set(kind, (faults.get(kind) ?? 0) + times);
  if (result.problems.length > 0) await explain(seed);
  if (performance.now() - toldMs > TELL_EVERY_MS) {
    toldMs = performance.now();
    // Signals are told between turns of the event loop, which simulated time never leaves.
    await new Promise((resolve) => setImmediate(resolve));
    say(`${new Date().toISOString()} ${summary()}`);
  }
}
say(summary());
say(
  `faults that hit: ${[...faults]
    .sort(([, a], [, b]) => b - a)
    .map(([kind, times]) => `${kind} ${times}`)
    .join(", ")}`,
);
const measured = Bun.spawnSync([
  process.execPath,
  `${import.meta.dir}/coverage.ts`,
  String(FIRST),
  String(MEASURED),
]);
say(measured.stdout.toString().trim());
process.exit(failures === 0 ? 0 : 1);

/** One line about the schedules so far. */
function summary(): string {
  const seconds = (performance.now() - startedMs) / 1_000;
  const cpu = process.cpuUsage();
  const cpuSeconds = (cpu.user + cpu.system) / 1e6;
  const rate = (done / seconds).toFixed(1);
  return `${done} schedules in ${seconds.toFixed(0)} s (${rate} a second, ${cpuSeconds.toFixed(0)} s of CPU), ${failures} failed`;
}

async function explain(seed: number): Promise<void> {
  failures++;
  const script = await shrink(scriptOf(seed), seed);
  const { problems } = await runScript(script, seed);
  say(`FAILED: SEED=${seed} bun test test/sim`);
  for (const action of script) say(`  ${JSON.stringify(action)}`);
  for (const problem of problems) say(`  => ${problem}`);
}
