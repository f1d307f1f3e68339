/** Random scripts for simulated mounts: what users, other clients, the network, the disks and the machines do. */
import type { Random } from "../../lib/ports.ts";

/** One step of a script. Times in ms. `at` names the machine it happens on, the first one when absent. */
export type Action = { readonly at?: number } & (
  | { readonly kind: "save"; readonly path: string; readonly text: string }
  | { readonly kind: "atomic-save"; readonly path: string; readonly text: string }
  | { readonly kind: "append"; readonly path: string; readonly text: string }
  | { readonly kind: "remove"; readonly path: string }
  /** A file disappears while no daemon runs, and no person wanted that. */
  | { readonly kind: "vanish"; readonly path: string }
  | { readonly kind: "move"; readonly path: string; readonly to: string }
  /** A whole directory goes, or gets another name that is free. */
  | { readonly kind: "remove-tree"; readonly path: string }
  | { readonly kind: "move-tree"; readonly path: string; readonly to: string }
  /** A file becomes a directory with a file in it, or the reverse; at a place nobody else uses. */
  | { readonly kind: "swap"; readonly text: string }
  | { readonly kind: "remote-put"; readonly path: string; readonly text: string }
  | { readonly kind: "remote-remove"; readonly path: string }
  /** A person saves while the daemon is in the middle of something: before its n-th change to the disk. */
  | { readonly kind: "intrude"; readonly beforeOp: number; readonly path: string; readonly text: string }
  | { readonly kind: "weather"; readonly weather: Weather }
  /** From now on changes to the disk or the index fail with a probability; 0 ends it. */
  | { readonly kind: "disk"; readonly code: DiskFault; readonly failing: number }
  /** Events of the watcher are lost for a while, and then it says so. */
  | { readonly kind: "overflow"; readonly ms: number }
  /** The watcher only says that something changed somewhere. */
  | { readonly kind: "vague" }
  /** No watcher can be started, or they can again. */
  | { readonly kind: "no-watch"; readonly refused: boolean }
  /** Somebody sets the clock of all machines. */
  | { readonly kind: "jump"; readonly ms: number }
  /** The server throws its event history away. */
  | { readonly kind: "expire" }
  | { readonly kind: "crash"; readonly afterOps: number }
  /** The process, or the next one when none runs, dies at its n-th step from now. */
  | { readonly kind: "arm"; readonly afterOps: number; readonly power?: boolean }
  /** The person asks for something: retry or drop the dead letter of a path, settle its conflict, bring deletes back. */
  | { readonly kind: "ask"; readonly what: Request; readonly path?: string }
  /** How operations of the server end from now on. */
  | { readonly kind: "operations"; readonly end: "at once" | "later" | "badly" }
  /** The machine loses power at the n-th change from now, or soon. */
  | { readonly kind: "power"; readonly afterOps: number }
  | { readonly kind: "stop" }
  | { readonly kind: "start" }
  | { readonly kind: "wait"; readonly ms: number }
);

/** What a person asks of the daemon. */
export type Request = "retry" | "drop" | "keep-local" | "keep-both" | "keep-remote" | "restore" | "confirm";

/** How a disk refuses. */
export type DiskFault = "ENOSPC" | "EROFS" | "EIO" | "EMFILE";

/** What the network does to requests until it changes. Probabilities; absent means 0. */
export interface Weather {
  readonly lost: number;
  readonly lostReply: number;
  readonly status: number;
  readonly code: 400 | 401 | 429 | 500 | 503;
  /** Listings miss a part of their entries. */
  readonly truncated: boolean;
  /** Requests or replies that take up to a minute, so that others overtake them. */
  readonly slow?: number;
  /** Requests that arrive a second time, later. */
  readonly twice?: number;
  /** Answers of some box in between: a page with status 200. */
  readonly html?: number;
  /** Single files of an upload that are refused, and how. */
  readonly refused?: number;
  readonly fileCode?: "forbidden" | "schema_validation_failed" | "invalid_content" | "internal_error";
  /** Live messages that do not arrive, or arrive twice. */
  readonly liveLost?: number;
  readonly liveTwice?: number;
}

/** A network without faults. */
export const FAIR: Weather = { lost: 0, lostReply: 0, status: 0, code: 503, truncated: false };

/** What a schedule is made of besides its script; a function of the seed. */
export interface Climate {
  /** Mounts of one workspace. */
  readonly machines: 1 | 2;
  /** Machines lose power. */
  readonly power: boolean;
  /** Watchers can be refused for long: then a missing file is taken for deleted, so none vanishes by itself. */
  readonly blind: boolean;
  /** Between audits. The long one leaves nothing to be healed by chance. */
  readonly auditMs: number;
  readonly websocket: boolean;
  /** Operations take a while, and some fail at the provider. */
  readonly slowOps: boolean;
  /** Listings and feeds come in small pages. */
  readonly page: number;
}

/** The climate of a seed. */
export function climateOf(seed: number): Climate {
  return {
    machines: seed % 4 === 0 ? 2 : 1,
    power: seed % 5 === 1,
    blind: seed % 7 === 3,
    auditMs: seed % 2 === 0 ? 90_000 : 86_400_000,
    websocket: seed % 3 !== 0,
    slowOps: seed % 8 > 5,
    page: seed % 6 === 5 ? 2 : 1_000,
  };
}

const PATHS = ["a.md", "b.json", "d/c.md", "d/e.md", "d/f/g.txt", "h.md"];
/** Directories that are moved as a whole, and to what. */
const TREES = [
  ["d", "e"],
  ["e", "d"],
  ["d/f", "d/g"],
  ["d/g", "d/f"],
] as const;
const HOUR = 3_600_000;

/** A script of about `length` steps. Every text is unique, so that bytes can be followed. */
export function randomScript(random: Random, length: number, climate: Climate): Action[] {
  let serial = 0;
  const chance = (probability: number) => random.float() < probability;
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random.float() * items.length)] as T;
  const upTo = (limit: number) => Math.floor(random.float() * limit);
  const text = () => {
    const lines = ["one", "two", "three", "four"].map((line) => (chance(0.3) ? `${line} ${serial}` : line));
    // Without a last line of its own, edits of different lines can be merged.
    if (chance(0.7) || !lines.some((line) => line.includes(" "))) lines.push(`#${serial}`);
    serial++;
    return `${lines.join("\n")}\n`;
  };
  const sometimes = (most: number) => (chance(0.25) ? random.float() * most : 0);
  const weather = (): Weather => {
    if (chance(0.4)) return FAIR;
    return {
      lost: chance(0.5) ? random.float() * 0.6 : 0,
      lostReply: chance(0.5) ? random.float() * 0.6 : 0,
      status: chance(0.5) ? random.float() * 0.7 : 0,
      code: pick([401, 429, 429, 500, 500, 503, 503] as const),
      truncated: chance(0.2),
      slow: sometimes(0.6),
      twice: sometimes(0.5),
      html: sometimes(0.4),
      refused: chance(0.25) ? random.float() * 0.5 : 0,
      fileCode: pick(["forbidden", "schema_validation_failed", "invalid_content", "internal_error"] as const),
      liveLost: sometimes(0.5),
      liveTwice: sometimes(0.5),
    };
  };
  // The meanest moment for a person to save: while the daemon applies somebody else's version of the same file.
  const collision = (at: number): Action[] => {
    const path = pick(PATHS);
    return [
      { at, kind: "intrude", beforeOp: upTo(8), path, text: text() },
      { kind: "remote-put", path, text: text() },
      { kind: "wait", ms: 1 },
    ];
  };
  const trouble = (at: number): Action => {
    const roll = random.float();
    if (roll < 0.3) {
      const failing = chance(0.4) ? 0 : chance(0.5) ? 1 : random.float();
      return { at, kind: "disk", code: pick(["ENOSPC", "ENOSPC", "EROFS", "EIO", "EMFILE"]), failing };
    }
    if (roll < 0.5) return { at, kind: "overflow", ms: pick([0, 5, 200, 3_000]) };
    if (roll < 0.55) return { at, kind: "vague" };
    if (roll < 0.65 && climate.blind) return { at, kind: "no-watch", refused: chance(0.6) };
    if (roll < 0.85)
      return { kind: "jump", ms: pick([-26 * HOUR, -HOUR, -90_000, -900, 900, 90_000, 26 * HOUR]) };
    return { kind: "expire" };
  };
  const one = (): Action => {
    const at = climate.machines === 2 && chance(0.5) ? 1 : 0;
    const roll = random.float();
    const path = pick(PATHS);
    if (roll < 0.17) return { at, kind: "save", path, text: text() };
    if (roll < 0.25) return { at, kind: "atomic-save", path, text: text() };
    if (roll < 0.27) return { at, kind: "intrude", beforeOp: upTo(12), path, text: text() };
    if (roll < 0.29) return { at, kind: "append", path, text: text() };
    if (roll < 0.34) return { at, kind: "remove", path };
    if (roll < 0.35 && !climate.blind) return { at, kind: "vanish", path: pick(["keep/1.md", "keep/2.md"]) };
    if (roll < 0.38) return { at, kind: "move", path, to: pick(PATHS) };
    if (roll < 0.385) return { at, kind: "remove-tree", path: pick(TREES)[0] };
    if (roll < 0.4) {
      const [from, to] = pick(TREES);
      return { at, kind: "move-tree", path: from, to };
    }
    if (roll < 0.41 && climate.machines === 1) return { at, kind: "swap", text: text() };
    if (roll < 0.48) return { kind: "remote-put", path, text: text() };
    if (roll < 0.53) return { kind: "remote-remove", path };
    if (roll < 0.61) return { kind: "weather", weather: weather() };
    if (roll < 0.65) return trouble(at);
    if (roll < 0.7) {
      const kind = climate.power && chance(0.5) ? "power" : "crash";
      return { at, kind, afterOps: upTo(40) };
    }
    if (roll < 0.72) return { at, kind: "stop" };
    if (roll < 0.78) return { at, kind: "start" };
    return { kind: "wait", ms: pick([1, 5, 20, 90, 110, 300, 1_000, 2_500, 8_000, 35_000, 65_000]) };
  };
  return Array.from({ length }, () => (chance(0.04) ? collision(0) : [one()])).flat();
}
