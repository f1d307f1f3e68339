/** What a fault is: a small declaration that says how a healthy stack is damaged and what the diagnosis must be. */
import type { VerifyArgs } from "../../commands/verify.ts";
import type { DottedId } from "../../verify/check.ts";
import type { Bench } from "./lab.ts";

/** Faults of one family touch one part of the system; they undo each other's evidence and are never paired. */
export type Family =
  | "services"
  | "tokens"
  | "credentials"
  | "cloud"
  | "inbound"
  | "clock"
  | "discovery"
  | "digest"
  | "writeback"
  | "write-probe"
  | "mount";

/** The stacks faults are injected into. All are healthy before. */
export type ShapeName = "data" | "empty" | "six" | "may2026";

/** What has to work for a fault to be seen, and what a fault stops from working. */
export type Part =
  | "file-api"
  | "control-plane"
  | "token"
  | "cloud-token"
  | "workspace-reads"
  | "ops"
  | "mirror"
  | "refresh"
  | "time";

/** The command that is asked. */
export interface Ask {
  readonly what: "doctor" | "discovery" | "digest" | "writeback";
  readonly provider?: string;
  readonly refresh?: boolean;
  readonly args?: Partial<Omit<VerifyArgs, "what" | "provider" | "refresh">>;
}

/** What the report must say. */
export interface Expectation {
  /** Code of the first root cause; null for what only looks like a fault: then there is none. */
  readonly root: DottedId | null;
  /** Findings that must be there although they are worth no more than `info`. */
  readonly notes?: readonly DottedId[];
  /** The issue of the catalogue it is an instance of; null for a look-alike that must match none. */
  readonly knownIssue?: string | null;
  readonly exit: number;
  /** Further root causes that are right; any other one is noise. */
  readonly also?: readonly DottedId[];
}

/** One fault. */
export interface Fault {
  /** Unique, kebab-case, says what is broken. */
  readonly id: string;
  readonly family: Family;
  /** Rows of the symptom table, probes and issues it stands for. */
  readonly refs: readonly string[];
  readonly shape: ShapeName;
  /** True when the damage stays in the workspace or its services: the fault then gets a stack of its own. */
  readonly ownStack: boolean;
  /** True when there must be a mirror of the workspace on this machine. */
  readonly mirror: boolean;
  /** What must work to see it. */
  readonly needs: readonly Part[];
  /** What nobody can see any more while it is there. */
  readonly breaks: readonly Part[];
  readonly ask: Ask;
  /** True when it is made of waiting: time then leaps, so that ten seconds of silence need no ten seconds. */
  readonly leaps: boolean;
  inject(bench: Bench): void | Promise<void>;
  readonly expect: Expectation;
  /** Codes that must not appear at all: the look-alikes. */
  readonly never: readonly DottedId[];
}

type Optional = "refs" | "shape" | "ownStack" | "mirror" | "needs" | "breaks" | "ask" | "leaps" | "never";

/** A fault as a file of a family spells it: what the family has in common is left out. */
export type FaultSpec = Omit<Fault, "family" | Optional> & Partial<Pick<Fault, Optional>>;

/** The faults of a family, with the family's defaults filled in. */
export function faultsOf(
  family: Family,
  defaults: Partial<Pick<Fault, Optional>>,
  specs: readonly FaultSpec[],
): readonly Fault[] {
  return specs.map((spec) => ({
    refs: [],
    shape: "data",
    ownStack: false,
    mirror: false,
    needs: [],
    breaks: [],
    ask: { what: "doctor" },
    leaps: false,
    never: [],
    ...defaults,
    ...spec,
    family,
  }));
}
