/**
 * Every operation of the mount with a kill at every one of its steps: a change to disk or index, a sync, a request's
 * start or end. What a step is, is counted by the ports themselves, so a step added to the daemon is killed too.
 */
import { runScript, type SimResult } from "./run.ts";
import type { Action, Climate, Weather } from "./script.ts";

/** One operation: what leads to it, and what it is. */
export interface Operation {
  readonly name: string;
  readonly before: readonly Action[];
  readonly steps: readonly Action[];
  /** The daemon's start belongs to the operation. */
  readonly asleep?: boolean;
  /** Nobody is there to lose a file: the listing is the only witness. */
  readonly climate?: Partial<Climate>;
}

const CLIMATE: Climate = {
  machines: 1,
  power: false,
  blind: false,
  auditMs: 86_400_000,
  websocket: false,
  slowOps: false,
  page: 1_000,
};
const CALM_MS = 4 * 60_000;

const wait = (ms: number): Action => ({ kind: "wait", ms });
const swap = (text: string): Action => ({ kind: "swap", text });
const save = (path: string, text: string): Action => ({ kind: "save", path, text });
const put = (path: string, text: string): Action => ({ kind: "remote-put", path, text });
const weather = (faults: Partial<Weather>): Action => ({
  kind: "weather",
  weather: { lost: 0, lostReply: 0, status: 0, code: 503, truncated: false, ...faults },
});
const refusing = (fileCode: NonNullable<Weather["fileCode"]>) => weather({ refused: 1, fileCode });
const offline = weather({ lost: 1 });
const fair = weather({});
const poll = wait(40_000);
const ask = (what: Extract<Action, { kind: "ask" }>["what"], path?: string): Action => ({
  kind: "ask",
  what,
  path,
});
const many = (work: (path: string, n: number) => Action): Action[] =>
  Array.from({ length: 6 }, (_, n) => work(`many/${n}.md`, n));

/** The operations. */
export const OPERATIONS: readonly Operation[] = [
  { name: "first copy", asleep: true, before: [], steps: [{ kind: "start" }, wait(3_000)] },
  {
    name: "first copy in pages, over files that are there",
    asleep: true,
    climate: { page: 2 },
    before: [put("a.md", "theirs\n"), save("a.md", "mine before\n"), save("new.md", "mine too\n")],
    steps: [{ kind: "start" }, wait(3_000)],
  },
  {
    name: "start with saves made meanwhile",
    before: [{ kind: "stop" }, save("a.md", "while down\n")],
    steps: [{ kind: "start" }, poll],
  },
  {
    name: "stop with a save not settled",
    before: [],
    steps: [save("a.md", "last words\n"), { kind: "stop" }],
  },
  { name: "a new file arrives", before: [], steps: [put("n/new.md", "theirs\n"), poll] },
  { name: "a file changes there", before: [], steps: [put("a.md", "theirs\n"), poll] },
  {
    name: "a live change",
    climate: { websocket: true },
    before: [],
    steps: [put("a.md", "theirs\n"), wait(500)],
  },
  { name: "many files arrive", before: [], steps: [...many((path, n) => put(path, `theirs ${n}\n`)), poll] },
  { name: "a file goes there", before: [], steps: [{ kind: "remote-remove", path: "d/c.md" }, poll] },
  {
    name: "many files go there",
    before: [...many((path, n) => put(path, `theirs ${n}\n`)), poll],
    steps: [...many((path): Action => ({ kind: "remote-remove", path })).slice(0, 4), poll],
  },
  {
    name: "a listing without a file, twice",
    before: [offline, { kind: "remote-remove", path: "d/c.md" }, put("a.md", "newer\n"), { kind: "expire" }],
    steps: [fair, poll, wait(90_000)],
  },
  { name: "a new save", before: [], steps: [save("n/new.md", "mine\n"), wait(1_000)] },
  { name: "an edit", before: [], steps: [save("a.md", "mine\n"), wait(1_000)] },
  {
    name: "an atomic save",
    before: [],
    steps: [{ kind: "atomic-save", path: "a.md", text: "mine\n" }, wait(1_000)],
  },
  {
    name: "a save over one that waits",
    before: [offline, save("a.md", "first\n"), wait(300)],
    steps: [save("a.md", "second\n"), wait(300), fair, poll],
  },
  { name: "many saves", before: [], steps: [...many((path, n) => save(path, `mine ${n}\n`)), wait(1_000)] },
  {
    name: "a save whose operation ends later",
    before: [{ kind: "operations", end: "later" }],
    steps: [save("a.md", "mine\n"), poll],
  },
  {
    name: "a save whose operation fails",
    before: [{ kind: "operations", end: "badly" }],
    steps: [save("a.md", "mine\n"), poll],
  },
  {
    name: "a save whose reply is lost",
    before: [weather({ lostReply: 1 })],
    steps: [save("a.md", "mine\n"), wait(600), fair, poll],
  },
  {
    name: "a save that is refused",
    before: [refusing("invalid_content")],
    steps: [save("a.md", "mine\n"), wait(1_000)],
  },
  {
    name: "a save that breaks a schema",
    before: [refusing("schema_validation_failed")],
    steps: [save("a.md", "mine\n"), wait(5_000)],
  },
  {
    name: "a save that is forbidden",
    before: [refusing("forbidden")],
    steps: [save("a.md", "mine\n"), wait(5_000)],
  },
  {
    name: "retry of a refused save",
    before: [refusing("invalid_content"), save("a.md", "mine\n"), wait(1_000), fair],
    steps: [ask("retry", "a.md"), wait(1_000)],
  },
  {
    name: "retry of a failed operation",
    before: [
      { kind: "operations", end: "badly" },
      save("a.md", "mine\n"),
      poll,
      { kind: "operations", end: "later" },
    ],
    steps: [ask("retry", "a.md"), poll],
  },
  {
    name: "drop of a refused save",
    before: [refusing("invalid_content"), save("a.md", "mine\n"), wait(1_000), fair],
    steps: [ask("drop", "a.md"), wait(1_000)],
  },
  {
    name: "a conflict met by a pull",
    before: [offline, save("a.md", "mine\n"), wait(300), put("a.md", "theirs\n")],
    steps: [fair, poll],
  },
  {
    name: "a conflict met by an upload",
    before: [{ kind: "stop" }, put("a.md", "theirs\n"), save("a.md", "mine\n")],
    steps: [{ kind: "start" }, poll],
  },
  {
    name: "two edits that merge",
    before: [
      save("a.md", "1\n2\n3\n4\n5\n"),
      wait(1_000),
      offline,
      save("a.md", "1 mine\n2\n3\n4\n5\n"),
      wait(300),
      put("a.md", "1\n2\n3\n4\n5 theirs\n"),
    ],
    steps: [fair, poll],
  },
  ...(["keep-local", "keep-both", "keep-remote"] as const).map((what) => ({
    name: `a conflict settled: ${what}`,
    before: [offline, save("a.md", "mine\n"), wait(300), put("a.md", "theirs\n"), fair, poll],
    steps: [ask(what, "a.md"), wait(1_000)],
  })),
  { name: "a delete", before: [], steps: [{ kind: "remove", path: "d/c.md" }, wait(5_000)] },
  {
    name: "a delete whose operation ends later",
    before: [{ kind: "operations", end: "later" }],
    steps: [{ kind: "remove", path: "d/c.md" }, poll],
  },
  {
    name: "a delete of what changed there",
    before: [offline, { kind: "remove", path: "a.md" }, put("a.md", "theirs\n"), wait(2_500)],
    steps: [fair, poll],
  },
  {
    name: "deletes brought back",
    before: [offline, { kind: "remove", path: "a.md" }, wait(300)],
    steps: [ask("restore"), fair, poll],
  },
  { name: "a move", before: [], steps: [{ kind: "move", path: "a.md", to: "d/moved.md" }, wait(5_000)] },
  {
    name: "a directory moved",
    before: [save("d/f/g.txt", "mine\n"), wait(2_500)],
    steps: [{ kind: "move-tree", path: "d", to: "e" }, save("d/c.md", "anew\n"), wait(5_000)],
  },
  ...["directory", "file"].map((what, n) => ({
    name: `a ${what} in place of a ${n === 0 ? "file" : "directory"}`,
    before: [swap("first\n"), wait(5_000), ...(n === 0 ? [] : [swap("second\n"), wait(5_000)])],
    steps: [swap("last\n"), wait(5_000)],
  })),
  {
    name: "a lost watcher",
    before: [],
    steps: [{ kind: "overflow", ms: 100 }, save("a.md", "unheard\n"), wait(10_000)],
  },
];

/** What became of one operation under kills. */
export interface KillReport {
  /** Steps it has: kills that happened. */
  readonly steps: number;
  /** The first that broke something, as text; empty when none did. */
  readonly broken: string;
}

/** Kills at every step of an operation, by SIGKILL or by cutting the power. */
export async function killEverywhere(operation: Operation, power: boolean): Promise<KillReport> {
  for (let step = 0; ; step++) {
    const result = await killAt(operation, step, power);
    if (result.problems.length > 0)
      return { steps: step, broken: `${operation.name}, step ${step}: ${result.problems.join("; ")}` };
    if (result.faults["kill point"] === undefined) return { steps: step, broken: "" };
  }
}

function killAt(
  { before, steps, asleep, climate }: Operation,
  step: number,
  power: boolean,
): Promise<SimResult> {
  const arm: Action = { kind: "arm", afterOps: step, power };
  return runScript([...before, arm, ...steps], step + 1, {
    climate: { ...CLIMATE, power, ...climate },
    calmMs: CALM_MS,
    asleep,
  });
}
