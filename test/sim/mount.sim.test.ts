import { expect, test } from "bun:test";
import { runScript, runSeed, scriptOf, shrink } from "./run.ts";

const FIRST = Number(process.env.SEED ?? "1");
const COUNT = Number(process.env.SCHEDULES ?? (process.env.SEED === undefined ? "60" : "1"));

test(`S05: the mount keeps every save through ${COUNT} random schedules from seed ${FIRST}`, async () => {
  for (let seed = FIRST; seed < FIRST + COUNT; seed++) {
    const { problems } = await runSeed(seed);
    if (problems.length === 0) continue;
    const script = await shrink(scriptOf(seed), seed);
    const smallest = await runScript(script, seed);
    const steps = script.map((action) => JSON.stringify(action)).join("\n");
    expect(`SEED=${seed} bun test test/sim\n${steps}\n${smallest.problems.join("\n")}`).toBe("");
  }
}, 300_000);
