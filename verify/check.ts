/**
 * What a check is: one fact about a healthy system, declared as data, with a pure function that judges recorded evidence.
 * A check never reads, calls or waits; collectors do (`evidence.ts`).
 */
import type { EvidenceName, Facts, ProbeFact } from "./facts.ts";

export type * from "./facts.ts";

/** How bad a finding is: broken or data at risk; degraded or latent; worth knowing. */
export type Severity = "error" | "warn" | "info";

/** How sure a finding is. */
export type Confidence = "confirmed" | "likely" | "possible";

/** The part of the system a check looks at; the columns of the provider × phase matrix. */
export type Phase =
  | "auth"
  | "connect"
  | "sync"
  | "tree"
  | "discovery"
  | "digest"
  | "writeback"
  | "inbound"
  | "local";

/** The four suites. */
export type Suite = "doctor" | "discovery" | "digest" | "writeback";

/** A check id or finding code: `suite.kebab-words`. */
export type DottedId = `${Suite}.${string}`;

/** How an evidence collector touches the world. */
export type Effect = "read" | "refresh" | "write";

/** A small typed fact attached to a finding: what known-issue predicates and people compare. */
export type FactValue = string | number | boolean | null | readonly string[];

/** A command that helps, as argv; placeholders are written in capitals. */
export interface SuggestedCommand {
  readonly argv: readonly string[];
  readonly effect: "read" | "refresh" | "write";
  /** True when running it can lose nothing. */
  readonly safe: boolean;
}

/** One piece of proof. */
export type EvidenceItem =
  | { readonly type: "http"; readonly exchangeId: string; readonly quote: string }
  | {
      readonly type: "file";
      readonly path: string;
      readonly revision?: string | null;
      readonly lastEditedAt?: string | null;
      readonly excerpt?: string;
    }
  | {
      readonly type: "metric";
      readonly name: string;
      readonly value: number;
      readonly unit: string;
      readonly threshold?: number;
    }
  | { readonly type: "compare"; readonly a: string; readonly b: string; readonly relation: string }
  | { readonly type: "log"; readonly line: string };

/** What a finding is about. */
export interface Subject {
  readonly kind:
    | "resource"
    | "path"
    | "op"
    | "endpoint"
    | "token"
    | "mount"
    | "file"
    | "provider"
    | "digest"
    | "clock";
  readonly ref: string;
}

/** A finding as a check returns it; the runner adds id, severity, role and known issue. */
export interface FindingDraft<Code extends string = string> {
  readonly code: Code;
  /** One line that names the subject and what is wrong. */
  readonly title: string;
  readonly detail?: string;
  readonly subject: Subject;
  /** Default `confirmed`. */
  readonly confidence?: Confidence;
  /** Replaces the severity of the declaration. */
  readonly severity?: Severity;
  readonly evidence: readonly EvidenceItem[];
  readonly facts?: Readonly<Record<string, FactValue>>;
  /** Explanations that were considered and excluded, each with its reason. */
  readonly ruledOut?: readonly string[];
  readonly refs?: readonly string[];
  /** Replaces the hint of the check. */
  readonly remedy?: { readonly text: string; readonly commands: readonly SuggestedCommand[] };
}

/** What a check concluded. */
export type Outcome<Code extends string = string> =
  | {
      readonly kind: "judged";
      /** Subjects judged. Zero without findings becomes `skip`: nothing to check is never a pass. */
      readonly exercised: number;
      readonly findings: readonly FindingDraft<Code>[];
      /** One line on what was seen, also when everything is fine. */
      readonly reason: string;
    }
  | {
      readonly kind: "skip";
      readonly reason: string /** The flag that would let it run. */;
      readonly flag?: string;
    }
  | {
      readonly kind: "unknown";
      readonly reason: string;
      /** Why it could not be told, when that is a fault of its own (a server that is down). */
      readonly findings?: readonly FindingDraft<Code>[];
    };

/** What a finding code means, for `explain`: data, so the documentation cannot drift from the checks. */
export interface FindingSpec {
  readonly severity: Severity;
  /**
   * `auth`: only signing in or another authorisation solves it (exit 4 as a root cause). `transient`: an outage that
   * keeps the rest from being decided (exit 3, repeat later).
   */
  readonly class?: "auth" | "transient";
  /** What the finding means. */
  readonly means: string;
  /** How it was decided: the discriminating evidence. */
  readonly decided: string;
  /** What looks alike and is something else. */
  readonly not: string;
  /** What to do. */
  readonly fix: string;
}

/** Evidence a check gets: what it needs, always there; what it wants, null when it could not be collected. */
export type CheckFacts<N extends EvidenceName, W extends EvidenceName> = {
  readonly [K in N]: Facts[K];
} & { readonly [K in Exclude<W, N>]: Facts[K] | null };

/** A check as declared in its file. */
export interface CheckSpec<
  N extends EvidenceName = EvidenceName,
  W extends EvidenceName = EvidenceName,
  Code extends DottedId = DottedId,
> {
  readonly id: DottedId;
  /** A fact about a healthy system, no period. */
  readonly title: string;
  readonly severity: Severity;
  readonly phase: Phase;
  readonly needs: readonly N[];
  readonly wants?: readonly W[];
  /** Checks whose failure explains this one away. */
  readonly after: readonly DottedId[];
  /** Probe ids, symptoms, seed rows and issues this check answers. */
  readonly refs: readonly string[];
  /** Starts with a verb: what to do when it fails. */
  readonly hint: string;
  readonly findings: Readonly<Record<Code, FindingSpec>>;
  readonly run: (facts: CheckFacts<N, W>) => Outcome<Code>;
}

/** A check of any evidence and codes. */
export type Check = Omit<CheckSpec, "run" | "findings"> & {
  readonly findings: Readonly<Record<string, FindingSpec>>;
  readonly run: (facts: Record<string, unknown>) => Outcome;
};

/** Declares a check; codes returned by `run` are limited to the declared ones. */
export function defineCheck<
  const N extends EvidenceName,
  const W extends EvidenceName = never,
  const Code extends DottedId = DottedId,
>(spec: CheckSpec<N, W, Code>): Check {
  return spec as unknown as Check;
}

/** Concludes with findings, possibly none. */
export function judged<Code extends string>(
  exercised: number,
  findings: readonly FindingDraft<Code>[],
  reason: string,
): Outcome<Code> {
  return { kind: "judged", exercised, findings, reason };
}

/** Concludes that there is nothing to judge, and why. */
export function skip(reason: string, flag?: string): Outcome<never> {
  return flag === undefined ? { kind: "skip", reason } : { kind: "skip", reason, flag };
}

/** Concludes that it could not be told, and why; findings name the outage that is to blame. */
export function unknown<Code extends string = never>(
  reason: string,
  findings: readonly FindingDraft<Code>[] = [],
): Outcome<Code> {
  return { kind: "unknown", reason, findings };
}

/** A command line as argv. Words are separated by single spaces. */
export function suggest(
  line: string,
  effect: SuggestedCommand["effect"] = "read",
  safe = true,
): SuggestedCommand {
  return { argv: line.split(" "), effect, safe };
}

/** `1 schema`, `2 schemas`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** What one request got, as proof: `GET https://… -> 404 html`. */
export function proof(probe: ProbeFact): EvidenceItem {
  const message = probe.message?.slice(0, 160) ?? null;
  const outcome =
    probe.status === null
      ? (message ?? probe.failure ?? "no answer")
      : `${probe.status} ${probe.kind}${message === null ? "" : ` (${message})`}`;
  return {
    type: "http",
    exchangeId: probe.exchangeId,
    quote: `${probe.method} ${probe.url} -> ${outcome}`,
  };
}

/** True when an answer says that the service cannot answer now: no connection, 5xx or 429. */
export function isOutage(probe: ProbeFact): boolean {
  return probe.status === null || probe.status >= 500 || probe.status === 429;
}

/** The provider a workspace path belongs to: its first segment, or the second below /discovery. */
export function providerOf(path: string): string | null {
  const [first, second] = path.split("/").slice(1);
  return (first === "discovery" ? second : first) ?? null;
}

/** An instant as people read it, from ms. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** The page of a finding, for files that declare many: severity by the name, then means, decided, not, fix. */
export const page = {
  error: (...words: PageWords): FindingSpec => ({ severity: "error", ...named(words) }),
  warn: (...words: PageWords): FindingSpec => ({ severity: "warn", ...named(words) }),
  info: (...words: PageWords): FindingSpec => ({ severity: "info", ...named(words) }),
  /** An error that only signing in or another authorisation solves. */
  auth: (...words: PageWords): FindingSpec => ({ severity: "error", class: "auth", ...named(words) }),
  /** An outage: repeat later. */
  transient: (...words: PageWords): FindingSpec => ({
    severity: "error",
    class: "transient",
    ...named(words),
  }),
};

type PageWords = readonly [means: string, decided: string, not: string, fix: string];

function named([means, decided, not, fix]: PageWords) {
  return { means, decided, not, fix };
}
