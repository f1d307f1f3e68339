/** What disks and clocks did to saves and deletes on their way. */
import {
  disk,
  type Found,
  fair,
  HOUR,
  jump,
  moveTree,
  offline,
  put,
  refusing,
  remove,
  save,
  start,
  stop,
  wait,
  weather,
} from "./words.ts";

export const MACHINE: readonly Found[] = [
  [
    "a save of equal size in the same tick as the one before is not swapped away",
    299,
    [
      stop,
      save("h.md", "one\ntwo 11\n"),
      start,
      { kind: "intrude", beforeOp: 4, path: "h.md", text: "one 12\ntwo\n" },
      put("h.md", "one\ntwo 13\n"),
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
    "a save before the clock was set back is sent",
    1,
    [wait(2 * HOUR), save("b.json", "before\n"), jump(-HOUR)],
  ],
  [
    "a retry planned before the clock was set back is made",
    470,
    [offline, save("a.md", "waits\n"), wait(1_000), jump(-HOUR), fair],
  ],
  [
    "a delete to be tried again before the clock was set back is sent",
    1,
    [offline, remove("a.md"), wait(5_000), jump(-HOUR), fair],
  ],
  [
    "a save that waits for a new credential when the clock is set back is sent",
    1,
    [weather({ status: 1, code: 401 }), save("a.md", "waits\n"), wait(1_000), jump(-HOUR), fair],
  ],
  [
    "a save whose operation ends after the clock was set back is known to have arrived",
    1,
    [{ kind: "operations", end: "later" }, save("a.md", "on its way\n"), wait(1_000), jump(-HOUR)],
  ],
  [
    "without a watcher, and without an index since a power cut, the files of a mirror are not taken for new",
    3_007_791,
    [
      { at: 0, kind: "no-watch", refused: true },
      { at: 0, kind: "atomic-save", path: "d/c.md", text: "one\ntwo 0\nthree\nfour 0\n#0\n" },
      wait(110),
      moveTree("d", "e"),
      wait(8_000),
      refusing("schema_validation_failed", {
        code: 429,
        slow: 0.3916389289777726,
        twice: 0.33779950230382383,
        refused: 0.43525908945593983,
      }),
      save("b.json", "one\ntwo 5\nthree\nfour 5\n#5\n"),
      { at: 0, kind: "power", afterOps: 27 },
      start,
    ],
  ],
];
