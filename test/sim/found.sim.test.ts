import { describe, expect, test } from "bun:test";
import { runScript } from "./run.ts";
import type { Action, Weather } from "./script.ts";

const weather = (faults: Partial<Weather>): Action => ({
  kind: "weather",
  weather: { lost: 0, lostReply: 0, status: 0, code: 503, truncated: false, ...faults },
});
const wait = (ms: number): Action => ({ kind: "wait", ms });
const save = (path: string, text: string): Action => ({ kind: "save", path, text });

/** Every fault the simulation ever found, as the shortest script that showed it. */
const FOUND: readonly [name: string, seed: number, script: readonly Action[]][] = [
  [
    "a file saved again after its delete was held is not deleted on the server",
    7,
    [{ kind: "remove", path: "a.md" }, { kind: "stop" }, save("a.md", "back again\n")],
  ],
  [
    "a save whose reply came late, removed there meanwhile, does not stay here as if it were there",
    193,
    [
      weather({ lostReply: 1 }),
      save("b.json", "landed\n"),
      wait(300),
      { kind: "remote-remove", path: "b.json" },
      weather({}),
      wait(35_000),
    ],
  ],
  [
    "a delete after two saves with lost replies does not conflict with our own write",
    100_434,
    [
      weather({ lostReply: 0.9 }),
      save("d/c.md", "five\n"),
      wait(2_500),
      { kind: "atomic-save", path: "d/c.md", text: "six\n" },
      wait(1_000),
      { kind: "remove", path: "d/c.md" },
      wait(35_000),
      { kind: "atomic-save", path: "d/c.md", text: "eleven\n" },
    ],
  ],
  [
    "a remote change passed over while a save was on its way is read after a crash",
    103_343,
    [
      weather({ lostReply: 0.6, status: 0.6, code: 429 }),
      wait(35_000),
      save("d/f/g.txt", "mine\n"),
      wait(1_000),
      { kind: "remote-put", path: "d/f/g.txt", text: "theirs\n" },
      { kind: "crash", afterOps: 23 },
      { kind: "start" },
      wait(8_000),
      { kind: "crash", afterOps: 27 },
    ],
  ],
  [
    "a save of equal size in the same tick as the one before is not swapped away",
    299,
    [
      { kind: "stop" },
      save("h.md", "one\ntwo 11\n"),
      { kind: "start" },
      { kind: "intrude", beforeOp: 4, path: "h.md", text: "one 12\ntwo\n" },
      { kind: "remote-put", path: "h.md", text: "one\ntwo 13\n" },
    ],
  ],
];

describe("found by the simulation", () => {
  for (const [name, seed, script] of FOUND) {
    test(name, async () => {
      for (const one of [seed, seed + 1, seed + 2])
        expect((await runScript(script, one)).problems).toEqual([]);
    });
  }
});
