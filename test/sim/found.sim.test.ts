import { describe, expect, test } from "bun:test";
import { runScript } from "./run.ts";
import type { Action, DiskFault, Weather } from "./script.ts";

const weather = (faults: Partial<Weather>): Action => ({
  kind: "weather",
  weather: { lost: 0, lostReply: 0, status: 0, code: 503, truncated: false, ...faults },
});
const disk = (code: DiskFault, failing: number, at = 0): Action => ({ at, kind: "disk", code, failing });
const HOUR = 3_600_000;
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
  [
    "a save noticed while the disk is full is sent when there is room again",
    3,
    [save("d/c.md", "kept in mind\n"), disk("ENOSPC", 1), wait(2_500)],
  ],
  [
    "a save that could not be read is read later",
    9,
    [disk("EMFILE", 1), save("d/e.md", "descriptors ran out\n"), wait(2_500)],
  ],
  [
    "a half-open circuit whose one request never left does not stay shut",
    39,
    [
      weather({ lostReply: 1 }),
      save("a.md", "one\n"),
      save("d/e.md", "two\n"),
      wait(35_000),
      disk("EMFILE", 1),
      weather({}),
      wait(35_000),
    ],
  ],
  [
    "a file removed because the server removed it is not deleted there when the index could not be written",
    19,
    [
      { kind: "remote-put", path: "b.json", text: "theirs\n" },
      wait(35_000),
      disk("ENOSPC", 0.5),
      { kind: "remote-remove", path: "b.json" },
      wait(35_000),
    ],
  ],
  [
    "a save before the clock was set back is sent",
    489,
    [save("b.json", "before\n"), { kind: "jump", ms: -26 * HOUR }],
  ],
  [
    "a retry planned before the clock was set back is made",
    470,
    [weather({ lost: 1 }), save("a.md", "waits\n"), wait(1_000), { kind: "jump", ms: -HOUR }, weather({})],
  ],
  [
    "a version moved aside by a conflict on a failing disk is not taken for a delete",
    53,
    [
      weather({ lost: 1 }),
      save("a.md", "mine\n"),
      { kind: "remote-put", path: "a.md", text: "theirs\n" },
      wait(2_500),
      weather({}),
      disk("EROFS", 0.3),
      wait(35_000),
      wait(35_000),
    ],
  ],
  [
    "an event that was lost live is read from the feed",
    7,
    [
      weather({ liveLost: 1 }),
      { kind: "remote-put", path: "a.md", text: "nobody heard\n" },
      wait(20),
      weather({}),
      { kind: "remote-put", path: "b.json", text: "heard\n" },
      wait(35_000),
    ],
  ],
  [
    "an expired cursor is not given up before the walk that replaces it ended",
    7,
    [
      weather({ lost: 1 }),
      { kind: "remote-put", path: "a.md", text: "expired\n" },
      { kind: "remote-put", path: "b.json", text: "newest\n" },
      { kind: "expire" },
      weather({ status: 0.5 }),
      wait(65_000),
    ],
  ],
  [
    "a file removed after a power cut comes back when the index had forgotten that it was sent",
    41,
    [
      save("d/e.md", "one\n"),
      save("d/f/g.txt", "two\n"),
      wait(110),
      save("d/c.md", "three\n"),
      { kind: "power", afterOps: 32 },
      { kind: "remove", path: "d/f/g.txt" },
    ],
  ],
  [
    "an edit of bytes that the server has under a newer revision is not sent for ever",
    100_536,
    [
      weather({ lost: 1 }),
      save("a.md", "mine\n"),
      wait(300),
      { kind: "remote-put", path: "a.md", text: "first /a.md\n" },
      weather({}),
      wait(35_000),
    ],
  ],
  [
    "a file overwritten just before a crash, and deleted there meanwhile, is not sent up again",
    1_780,
    [
      { at: 1, kind: "atomic-save", path: "a.md", text: "one\ntwo 0\nthree 0\nfour\n#0\n" },
      { at: 0, kind: "atomic-save", path: "d/e.md", text: "one\ntwo\nthree\nfour 3\n#3\n" },
      { at: 1, kind: "atomic-save", path: "b.json", text: "one\ntwo\nthree\nfour 4\n" },
      { at: 0, kind: "crash", afterOps: 39 },
      { kind: "remote-remove", path: "a.md" },
    ],
  ],
  [
    "a file made anew there while its delete was under way is read",
    845,
    [
      { at: 0, kind: "atomic-save", path: "a.md", text: "one 1\ntwo 1\nthree 1\nfour 1\n#1\n" },
      { kind: "wait", ms: 110 },
      { at: 0, kind: "intrude", beforeOp: 11, path: "h.md", text: "one\ntwo 2\nthree\nfour\n#2\n" },
      { kind: "remote-put", path: "a.md", text: "one\ntwo\nthree 4\nfour 4\n#4\n" },
      { at: 0, kind: "atomic-save", path: "a.md", text: "one 5\ntwo\nthree\nfour\n#5\n" },
      { at: 0, kind: "remove", path: "d/c.md" },
      {
        kind: "weather",
        weather: {
          lost: 0.5491303011775016,
          lostReply: 0,
          status: 0,
          code: 500,
          truncated: true,
          slow: 0,
          twice: 0,
          html: 0.025838864967226982,
          refused: 0,
          fileCode: "forbidden",
          liveLost: 0,
          liveTwice: 0,
        },
      },
      { kind: "wait", ms: 1000 },
      { kind: "wait", ms: 110 },
      { at: 0, kind: "move", path: "h.md", to: "b.json" },
      {
        kind: "weather",
        weather: {
          lost: 0,
          lostReply: 0.3178812516387552,
          status: 0,
          code: 503,
          truncated: false,
          slow: 0.3090140266343951,
          twice: 0,
          html: 0,
          refused: 0,
          fileCode: "forbidden",
          liveLost: 0,
          liveTwice: 0.3301333411363885,
        },
      },
      { at: 0, kind: "atomic-save", path: "d/f/g.txt", text: "one 7\ntwo 7\nthree 7\nfour\n" },
      { kind: "wait", ms: 65000 },
      { kind: "remote-put", path: "d/c.md", text: "one 18\ntwo 18\nthree\nfour\n#18\n" },
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
