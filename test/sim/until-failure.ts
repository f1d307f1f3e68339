/** Runs schedules until one fails or the number given is reached; prints what the mutation script reads. */
import { runSeed } from "./run.ts";

const limit = Number(process.argv[2] ?? "1000");
const first = Number(process.argv[3] ?? "1");
for (let seed = first; seed < first + limit; seed++) {
  const { problems } = await runSeed(seed);
  if (problems.length === 0) continue;
  process.stdout.write(`failed at seed ${seed}: ${problems[0]}\n`);
  process.exit(1);
}
process.stdout.write(`${limit} schedules passed\n`);
// Request timeouts of killed processes would keep this one waiting.
process.exit(0);
