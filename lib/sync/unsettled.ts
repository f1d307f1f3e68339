/** What still stands between the two sides after a round: pure, so that "both sides agree" has one meaning. */
import type { ExitName } from "../errors.ts";

/** Facts at the end of a round. Null means "none". */
export interface RoundFacts {
  readonly workspaceId: string;
  readonly rootProblem: string | null;
  /** What a part of the daemon fails of. */
  readonly fault: string | null;
  readonly authProblem: string | null;
  readonly heldDeletes: number;
  /** Refused saves and records that cannot be read. */
  readonly deadLetters: number;
  readonly conflicts: number;
  readonly pulled: boolean;
  /** Why the pull failed, when somebody said. */
  readonly pullProblem: string | null;
  readonly bootstrapped: boolean;
  /** Saves that were not sent, due or not, and those whose operation has not ended. */
  readonly pendingSaves: number;
  readonly pendingDeletes: number;
  /** Files whose newest version on the server was not read. */
  readonly unread: number;
}

/** Why the two sides do not agree: one sentence, the command to run next, and how a command that asked ends. */
export interface Unsettled {
  readonly exit: ExitName;
  readonly reason: string;
  readonly next: readonly string[];
}

/** The gravest reason that applies, or null when nothing waits. Exits are those of one pass without a daemon. */
export function unsettledBy(facts: RoundFacts): Unsettled | null {
  const ws = facts.workspaceId;
  const because = (exit: ExitName, reason: string, ...words: string[]): Unsettled => ({
    exit,
    reason,
    next: ["relayfile", ...words],
  });
  if (facts.rootProblem !== null)
    return because("SAFETY", `the mount root is ${facts.rootProblem.replace("_", " ")}`, "status", ws);
  if (facts.authProblem !== null)
    return because("AUTH", `the credential is refused: ${facts.authProblem}`, "workspace", "join", ws);
  if (facts.fault !== null) return because("LOCAL_STATE", facts.fault, "status", ws);
  if (facts.heldDeletes > 0) {
    const reason = `${some(facts.heldDeletes, "file")} deleted here wait for a decision`;
    return because("SAFETY", reason, "mount", "resume", ws, "--restore");
  }
  if (facts.deadLetters > 0) {
    const reason = `${some(facts.deadLetters, "save")} of this mirror refused for good`;
    return because("FINDINGS", reason, "writeback", "status", ws);
  }
  if (facts.conflicts > 0) {
    const reason = `${some(facts.conflicts, "file")} changed on both sides`;
    return because("FINDINGS", reason, "conflicts", ws);
  }
  if (!facts.pulled) {
    const why = facts.pullProblem ?? "the round was ended before its answer";
    return because("UNDETERMINED", `the server could not be asked: ${why}`, "status", ws);
  }
  if (!facts.bootstrapped) return because("UNDETERMINED", "the first copy is still being made", "status", ws);
  if (facts.pendingSaves > 0) {
    const reason = `${some(facts.pendingSaves, "save")} still on the way to the server`;
    return because("UNDETERMINED", reason, "status", ws);
  }
  if (facts.pendingDeletes > 0) {
    const reason = `${some(facts.pendingDeletes, "delete")} still on the way to the server`;
    return because("UNDETERMINED", reason, "status", ws);
  }
  if (facts.unread > 0)
    return because("UNDETERMINED", `${some(facts.unread, "file")} still to be read`, "status", ws);
  return null;
}

function some(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`;
}
