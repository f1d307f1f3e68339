/**
 * Random schedules for the simulated mount, as many as there is time for: `soak.ts SCHEDULES [FIRST_SEED]`. A failure
 * does not end the run. At the end, which Ctrl-C brings early: how many ran and how fast, which faults hit, and how
 * much of the code ran in some hundred and in every kill point.
 */
import type { PartReport } from "./soak-part.ts";

const SCHEDULES = Number(process.argv[2] ?? "100000");
const FIRST = Number(process.argv[3] ?? "1");
const MEASURED = Math.min(SCHEDULES, Number(process.env.COVERED_SCHEDULES ?? "300"));
const PART = 1_000;

const say = (line: string) => process.stdout.write(`${line}\n`);
const faults = new Map<string, number>();
const startedMs = performance.now();
const total = { done: 0, failures: 0, cpuSeconds: 0 };
let ended = false;
let child: Bun.Subprocess | null = null;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    ended = true;
    child?.kill("SIGTERM");
  });
}

for (let first = FIRST; first < FIRST + SCHEDULES && !ended; first += PART) {
  add(await part(first, Math.min(PART, FIRST + SCHEDULES - first)));
  say(`${new Date().toISOString()} ${summary()}`);
}
say(
  `faults that hit: ${[...faults]
    .sort(([, a], [, b]) => b - a)
    .map(([kind, times]) => `${kind} ${times}`)
    .join(", ")}`,
);
if (MEASURED > 0) {
  const coverage = [process.execPath, `${import.meta.dir}/coverage.ts`, String(FIRST), String(MEASURED)];
  say(Bun.spawnSync(coverage).stdout.toString().trim());
}
process.exit(total.failures === 0 ? 0 : 1);

/** Runs one part and passes on what it says. */
async function part(first: number, schedules: number): Promise<PartReport> {
  const words = [process.execPath, `${import.meta.dir}/soak-part.ts`, String(first), String(schedules)];
  const running = Bun.spawn(words, { stdout: "pipe", stderr: "inherit" });
  child = running;
  const lines = (await new Response(running.stdout).text()).trim().split("\n");
  const last = lines.pop() ?? "";
  for (const line of lines) say(line);
  if ((await running.exited) !== 0) throw new Error(`the part from seed ${first} ended early: ${last}`);
  return JSON.parse(last) as PartReport;
}

function add(report: PartReport): void {
  total.done += report.done;
  total.failures += report.failures;
  total.cpuSeconds += report.cpuSeconds;
  for (const [kind, times] of Object.entries(report.faults))
    faults.set(kind, (faults.get(kind) ?? 0) + times);
}

/** One line about the schedules so far. */
function summary(): string {
  const seconds = (performance.now() - startedMs) / 1_000;
  const rate = (total.done / seconds).toFixed(1);
  const cpu = total.cpuSeconds.toFixed(0);
  return `${total.done} schedules in ${seconds.toFixed(0)} s (${rate} a second, ${cpu} s of CPU), ${total.failures} failed`;
}
