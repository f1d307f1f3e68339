/** One word for a mount, and why: the same rule for `status`, the public state and `doctor`. */

/** `ok`, on its way, working with a handicap, waiting for a person, or not running. */
export type Verdict = "ok" | "catching-up" | "degraded" | "halted" | "stopped";

/** Facts the verdict is made of. Null means "none". */
export interface VerdictFacts {
  readonly running: boolean;
  readonly rootProblem: string | null;
  readonly heldDeletes: number;
  /** What a part of the daemon fails of: a full disk, an answer nobody understands. */
  readonly fault: string | null;
  readonly authProblem: string | null;
  readonly offline: string | null;
  readonly circuitOpen: boolean;
  readonly deadLetters: number;
  readonly malformed: number;
  readonly conflicts: number;
  readonly problems: number;
  /** Files that never go up, for their size or name: as it should be, but nothing to keep from a person. */
  readonly localOnly: number;
  readonly bootstrapping: boolean;
  readonly pending: number;
  readonly draining: boolean;
  /** Time since the last success in ms, or null when there was none; and what counts as too long. */
  readonly silentMs: number | null;
  readonly staleAfterMs: number;
}

/** The verdict and one sentence; the first reason that applies wins, gravest first. */
export function verdictOf(facts: VerdictFacts): { readonly verdict: Verdict; readonly reason: string } {
  if (!facts.running) return { verdict: "stopped", reason: "no daemon runs for this mount" };
  if (facts.rootProblem !== null) return halted(`the mount root is ${facts.rootProblem.replace("_", " ")}`);
  if (facts.heldDeletes > 0) return halted(`${files(facts.heldDeletes)} deleted here wait for a decision`);
  if (facts.fault !== null) return degraded(facts.fault);
  if (facts.authProblem !== null) return degraded(`the credential is refused: ${facts.authProblem}`);
  if (facts.circuitOpen) return degraded("the server fails too often; uploads wait");
  if (facts.offline !== null) return degraded(`the server cannot be reached: ${facts.offline}`);
  if (facts.deadLetters + facts.malformed > 0)
    return degraded(`${facts.deadLetters + facts.malformed} writes were refused: relayfile writeback status`);
  if (facts.conflicts > 0)
    return degraded(`${files(facts.conflicts)} changed on both sides: relayfile conflicts`);
  if (facts.problems > 0) return degraded(`${files(facts.problems)} cannot be placed in the mirror`);
  if (facts.bootstrapping) return catching("the first copy is being made");
  if (facts.pending > 0) return catching(`${files(facts.pending)} on the way to the server`);
  if (facts.draining) return catching("events are being applied");
  if (facts.silentMs === null) return catching("the first look at the server is under way");
  if (facts.silentMs > facts.staleAfterMs)
    return degraded(`nothing was heard from the server for ${Math.round(facts.silentMs / 1_000)} s`);
  const stay = facts.localOnly === 0 ? "" : `, but for ${files(facts.localOnly)} that stay here only`;
  return { verdict: "ok", reason: `both sides agree${stay}` };
}

const halted = (reason: string) => ({ verdict: "halted", reason }) as const;
const degraded = (reason: string) => ({ verdict: "degraded", reason }) as const;
const catching = (reason: string) => ({ verdict: "catching-up", reason }) as const;

function files(count: number): string {
  return count === 1 ? "1 file" : `${count} files`;
}
