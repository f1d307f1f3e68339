import { describe, expect, test } from "bun:test";
import { DELETES } from "./found/deletes.ts";
import { MACHINE } from "./found/machine.ts";
import { NEWS } from "./found/news.ts";
import { SAVES } from "./found/saves.ts";
import { runScript } from "./run.ts";

/** Every fault the simulation ever found, as the shortest script that showed it, by what went wrong. */
const FOUND = { deletes: DELETES, saves: SAVES, news: NEWS, "disks and clocks": MACHINE };

describe("found by the simulation", () => {
  for (const [theme, faults] of Object.entries(FOUND)) {
    describe(theme, () => {
      for (const [name, seed, script, options] of faults) {
        test(name, async () => {
          for (const one of [seed, seed + 1, seed + 2])
            expect((await runScript(script, one, options)).problems).toEqual([]);
        });
      }
    });
  }
});
