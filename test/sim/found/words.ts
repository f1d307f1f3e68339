/** The words that the scripts of found faults are written in. */
import type { RunOptions } from "../run.ts";
import type { Action, DiskFault, Weather } from "../script.ts";

/** One fault: what a person would have lost, the seed and the shortest script that showed it. */
export type Found = readonly [name: string, seed: number, script: readonly Action[], options?: RunOptions];

export const HOUR = 3_600_000;

export const weather = (faults: Partial<Weather>): Action => ({
  kind: "weather",
  weather: { lost: 0, lostReply: 0, status: 0, code: 503, truncated: false, ...faults },
});
/** Every file of an upload is refused. */
export const refusing = (fileCode: NonNullable<Weather["fileCode"]>, faults: Partial<Weather> = {}) =>
  weather({ refused: 1, fileCode, ...faults });
export const offline = weather({ lost: 1 });
export const fair = weather({});

export const disk = (code: DiskFault, failing: number, at = 0): Action => ({
  at,
  kind: "disk",
  code,
  failing,
});
export const jump = (ms: number): Action => ({ kind: "jump", ms });
export const wait = (ms: number): Action => ({ kind: "wait", ms });

export const save = (path: string, text: string, at = 0): Action => ({ at, kind: "save", path, text });
export const remove = (path: string): Action => ({ kind: "remove", path });
export const moveTree = (path: string, to: string): Action => ({ kind: "move-tree", path, to });
export const put = (path: string, text: string): Action => ({ kind: "remote-put", path, text });
export const gone = (path: string): Action => ({ kind: "remote-remove", path });

export const start: Action = { kind: "start" };
export const stop: Action = { kind: "stop" };
/** The process dies at the n-th of its steps from now. */
export const killAt = (step: number): Action => ({ kind: "arm", afterOps: step });
