/**
 * How much of the mount's code random schedules and kill points reach, by the engine's own counts:
 * `coverage.ts FIRST_SEED SCHEDULES`. A process of its own, because the engine counts only what it loads afterwards.
 */
import { Session } from "node:inspector";

const FIRST = Number(process.argv[2] ?? "1");
const MEASURED = Number(process.argv[3] ?? "300");
const say = (line: string) => process.stdout.write(`${line}\n`);

await coverage();
process.exit(0);

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
  // Only code that is loaded from here on is counted.
  const { runSeed } = await import("./run.ts");
  const { killEverywhere, OPERATIONS } = await import("./kill-points.ts");
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
