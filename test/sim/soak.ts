/**
 * Random schedules for the simulated mount, as many as there is time for: `soak.ts SCHEDULES [FIRST_SEED]`. A
 * failure is shrunk, printed with its seed, and does not end the run. At the end: how many ran and how fast, which
 * faults hit, and how much of the code ran in the last few hundred and in every kill point.
 */
import { Session } from "node:inspector";
import { killEverywhere, OPERATIONS } from "./kill-points.ts";
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

for (let seed = FIRST; seed < FIRST + SCHEDULES; seed++) {
  const result = await runSeed(seed);
  for (const [kind, times] of Object.entries(result.faults))
    faults.set(kind, (faults.get(kind) ?? 0) + times);
  if (result.problems.length > 0) await explain(seed);
  if (performance.now() - toldMs > TELL_EVERY_MS) {
    toldMs = performance.now();
    say(`${new Date().toISOString()} ${summary(seed - FIRST + 1)}`);
  }
}
say(summary(SCHEDULES));
say(
  `faults that hit: ${[...faults]
    .sort(([, a], [, b]) => b - a)
    .map(([kind, times]) => `${kind} ${times}`)
    .join(", ")}`,
);
await coverage();
process.exit(failures === 0 ? 0 : 1);

/** One line about the first `done` schedules. */
function summary(done: number): string {
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

/** Ranges of code as the engine counts them: a range per function and per branch that ran a number of times of its own. */
interface Ranges {
  covered: number;
  all: number;
}

/** Runs schedules and kill points once more under the engine's own profiler and prints what they reached. */
async function coverage(): Promise<void> {
  const session = new Session();
  session.connect();
  await post(session, "Profiler.enable");
  await post(session, "Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  for (let seed = FIRST; seed < FIRST + MEASURED; seed++) await runSeed(seed);
  let steps = 0;
  for (const operation of OPERATIONS) steps += (await killEverywhere(operation, false)).steps;
  const { result } = (await post(session, "Profiler.takePreciseCoverage")) as {
    result: { url: string; functions: { ranges: { count: number }[] }[] }[];
  };
  const folders = new Map<string, { branches: Ranges; functions: Ranges }>();
  for (const { url, functions } of result) {
    const folder = /\/lib\/(sync|mount)\//.exec(url)?.[1];
    if (folder === undefined) continue;
    const totals = folders.get(folder) ?? {
      branches: { covered: 0, all: 0 },
      functions: { covered: 0, all: 0 },
    };
    folders.set(folder, totals);
    for (const { ranges } of functions) {
      add(totals.functions, (ranges[0]?.count ?? 0) > 0);
      for (const { count } of ranges) add(totals.branches, count > 0);
    }
  }
  for (const [folder, { branches, functions }] of folders)
    say(
      `lib/${folder}: ${share(branches)} of the branches, ${share(functions)} of the functions (${MEASURED} schedules, ${steps} kill points)`,
    );
}

function add(ranges: Ranges, covered: boolean): void {
  ranges.all++;
  if (covered) ranges.covered++;
}

function share({ covered, all }: Ranges): string {
  return `${((100 * covered) / all).toFixed(1)} % (${covered}/${all})`;
}

function post(session: Session, method: string, params?: object): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  session.post(method, params, (error, answer) => (error ? reject(error) : resolve(answer)));
  return promise;
}
