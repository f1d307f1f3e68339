/** Random scripts for the simulated mount: what users, other clients, the network and the machine do. */
import type { Random } from "../../lib/ports.ts";

/** One step of a script. Times in ms. */
export type Action =
  | { readonly kind: "save"; readonly path: string; readonly text: string }
  | { readonly kind: "atomic-save"; readonly path: string; readonly text: string }
  | { readonly kind: "append"; readonly path: string; readonly text: string }
  | { readonly kind: "remove"; readonly path: string }
  /** A file disappears while no daemon runs, and no person wanted that. */
  | { readonly kind: "vanish"; readonly path: string }
  | { readonly kind: "move"; readonly path: string; readonly to: string }
  | { readonly kind: "remote-put"; readonly path: string; readonly text: string }
  | { readonly kind: "remote-remove"; readonly path: string }
  /** A person saves while the daemon is in the middle of something: before its n-th change to the disk. */
  | { readonly kind: "intrude"; readonly beforeOp: number; readonly path: string; readonly text: string }
  | { readonly kind: "weather"; readonly weather: Weather }
  | { readonly kind: "crash"; readonly afterOps: number }
  | { readonly kind: "stop" }
  | { readonly kind: "start" }
  | { readonly kind: "wait"; readonly ms: number };

/** What the network does to requests until it changes. Probabilities. */
export interface Weather {
  readonly lost: number;
  readonly lostReply: number;
  readonly status: number;
  readonly code: 400 | 429 | 500 | 503;
  /** Listings miss a part of their entries. */
  readonly truncated: boolean;
}

/** A network without faults. */
export const FAIR: Weather = { lost: 0, lostReply: 0, status: 0, code: 503, truncated: false };

const PATHS = ["a.md", "b.json", "d/c.md", "d/e.md", "d/f/g.txt", "h.md"];

/** A script of `length` steps. Every text is unique, so that bytes can be followed. */
export function randomScript(random: Random, length: number): Action[] {
  let serial = 0;
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random.float() * items.length)] as T;
  const text = () => {
    const lines = ["one", "two", "three", "four"].map((line) =>
      random.float() < 0.3 ? `${line} ${serial}` : line,
    );
    return `${lines.join("\n")}\n#${serial++}\n`;
  };
  const weather = (): Weather => {
    if (random.float() < 0.4) return FAIR;
    return {
      lost: random.float() < 0.5 ? random.float() * 0.6 : 0,
      lostReply: random.float() < 0.5 ? random.float() * 0.6 : 0,
      status: random.float() < 0.5 ? random.float() * 0.7 : 0,
      code: pick([429, 500, 503] as const),
      truncated: random.float() < 0.2,
    };
  };
  // The meanest moment for a person to save: while the daemon applies somebody else's version of the same file.
  const collision = (): Action[] => {
    const path = pick(PATHS);
    return [
      { kind: "intrude", beforeOp: Math.floor(random.float() * 8), path, text: text() },
      { kind: "remote-put", path, text: text() },
      { kind: "wait", ms: 1 },
    ];
  };
  const one = (): Action => {
    const roll = random.float();
    const path = pick(PATHS);
    if (roll < 0.18) return { kind: "save", path, text: text() };
    if (roll < 0.26) return { kind: "atomic-save", path, text: text() };
    if (roll < 0.28)
      return { kind: "intrude", beforeOp: Math.floor(random.float() * 12), path, text: text() };
    if (roll < 0.3) return { kind: "append", path, text: text() };
    if (roll < 0.35) return { kind: "remove", path };
    if (roll < 0.36) return { kind: "vanish", path: pick(["keep/1.md", "keep/2.md"]) };
    if (roll < 0.4) return { kind: "move", path, to: pick(PATHS) };
    if (roll < 0.5) return { kind: "remote-put", path, text: text() };
    if (roll < 0.55) return { kind: "remote-remove", path };
    if (roll < 0.63) return { kind: "weather", weather: weather() };
    if (roll < 0.68) return { kind: "crash", afterOps: Math.floor(random.float() * 40) };
    if (roll < 0.7) return { kind: "stop" };
    if (roll < 0.76) return { kind: "start" };
    return { kind: "wait", ms: pick([1, 5, 20, 90, 110, 300, 1_000, 2_500, 8_000, 35_000, 65_000]) };
  };
  return Array.from({ length }, () => (random.float() < 0.04 ? collision() : [one()])).flat();
}
