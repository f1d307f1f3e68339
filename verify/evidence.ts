/**
 * Evidence: facts recorded once per run and judged by any number of checks. A collector does the I/O and the waiting, and
 * when it cannot, it says why; saved to a directory, evidence replays a whole run without a network.
 */
import { isRelayfileError, messageOf } from "../lib/errors.ts";
import type { Redactor } from "../lib/model/redact.ts";
import type { Clock, Host, LocalFs } from "../lib/ports.ts";
import type { Effect } from "./check.ts";
import type { EvidenceName, Facts, TargetFact } from "./facts.ts";
import type { Recorder } from "./http/recorder.ts";
import type { WrittenThing } from "./report.ts";

export type * from "./facts.ts";
export type { Answer, Probe } from "./http/recorder.ts";

/** A credential with its secret. Never leaves the collectors. */
export interface HeldToken {
  readonly value: string;
  /** Where it came from, as shown to people. */
  readonly source: string;
}

/** What the run is pointed at, secrets included. */
export interface ProbeTarget {
  /** Without trailing slash. */
  readonly fileApiUrl: string;
  /** Null when nothing refers to a control plane. */
  readonly controlPlaneUrl: string | null;
  readonly workspace: {
    readonly id: string | null;
    readonly cloudId: string | null;
    readonly name: string | null;
  } | null;
  readonly workspaceToken: HeldToken | null;
  readonly cloudToken: HeldToken | null;
  /** The directory of credential files, or null without a home. */
  readonly home: string | null;
  readonly mountDir: string | null;
  readonly sources: Readonly<Record<string, string>>;
  readonly problems: TargetFact["problems"];
  readonly boundElsewhere: TargetFact["boundElsewhere"];
  /** One provider, or null for all. */
  readonly provider: string | null;
  /** The provider's own API, for reading back what was written; absent when nobody named it. */
  readonly providerApi?: { readonly baseUrl: string; readonly token: HeldToken | null };
}

/** What the caller allows. */
export interface EvidenceOptions {
  /** Ask the control plane to refresh discovery before reading it. */
  readonly refresh: boolean;
  /** Time slow or minting calls too. */
  readonly deep: boolean;
  readonly allowWrite: boolean;
  /** Look at this machine only: what would need a request is withheld. */
  readonly offline?: boolean;
  /** Where a write probe may write: a record or a collection that the operator names; null for a throwaway of its own. */
  readonly writePath?: string | null;
  /** Fields of a throwaway that only the operator knows, by dotted key. */
  readonly writeFields?: Readonly<Record<string, string>>;
}

/** Why there is no evidence. `absent`: nothing refers to it; `withheld`: a flag would allow it; `failed`: it could not be had. */
export interface Gap {
  readonly gap: "absent" | "withheld" | "failed";
  readonly reason: string;
  readonly flag?: string;
}

/** Evidence, or why there is none. */
export type Collected<T> = { readonly value: T; readonly gap?: undefined } | Gap;

/** What a collector may touch. */
export interface EvidenceContext {
  readonly target: ProbeTarget;
  readonly http: Recorder;
  readonly fs: LocalFs;
  readonly host: Host;
  readonly clock: Clock;
  readonly redactor: Redactor;
  readonly options: EvidenceOptions;
  readonly signal: AbortSignal;
  /** What write probes wrote, entered before it is sent, so that a run that ends early can still say it. */
  readonly ledger: WrittenThing[];
  /** A random UUID. */
  newId(): string;
  /** Other evidence of the same run, collected at most once. */
  get<N extends EvidenceName>(name: N): Promise<Collected<Facts[N]>>;
}

/** A collector of one kind of evidence. */
export interface EvidenceSpec<N extends EvidenceName = EvidenceName> {
  readonly name: N;
  /** What asking does to the world; checks have no effect, evidence does. */
  readonly effect: Effect;
  /** One line for `--plan`: the requests or files it reads. */
  readonly reads: string;
  readonly collect: (context: EvidenceContext) => Promise<Facts[N] | Gap>;
}

/** Declares a collector. */
export function defineEvidence<N extends EvidenceName>(spec: EvidenceSpec<N>): EvidenceSpec<N> {
  return spec;
}

/** Nothing refers to this, so it is not wrong that it is missing (design decision 26). */
export function absent(reason: string): Gap {
  return { gap: "absent", reason };
}

/** The caller did not allow it; `flag` would. */
export function withheld(reason: string, flag: string): Gap {
  return { gap: "withheld", reason, flag };
}

/** It could not be collected. */
export function failed(reason: string): Gap {
  return { gap: "failed", reason };
}

/** True for the reason why there is no evidence. */
export function isGap(value: unknown): value is Gap {
  return typeof value === "object" && value !== null && typeof (value as Gap).gap === "string";
}

/** One recorded kind of evidence, as saved. */
export interface EvidenceRecord {
  readonly schemaVersion: "1.0";
  readonly kind: "relayfile.evidence";
  readonly name: EvidenceName;
  readonly effect: Effect;
  /** ISO 8601 UTC. */
  readonly collectedAt: string;
  readonly durationMs: number;
  readonly value?: unknown;
  readonly gap?: Gap;
}

/** The evidence of one run. */
export interface EvidenceStore {
  get<N extends EvidenceName>(name: N): Promise<Collected<Facts[N]>>;
  /** What has been collected so far. */
  readonly records: readonly EvidenceRecord[];
}

/** Collects on demand, each kind once, whoever asks first. What is kept went through the redactor. */
export function collectingStore(
  collectors: readonly EvidenceSpec[],
  context: Omit<EvidenceContext, "get">,
): EvidenceStore {
  const byName = new Map(collectors.map((spec) => [spec.name, spec]));
  const memo = new Map<EvidenceName, Promise<Collected<never>>>();
  const records: EvidenceRecord[] = [];
  const http = context.options.offline === true ? { ...context.http, send: refuseOffline } : context.http;
  const get = <N extends EvidenceName>(name: N): Promise<Collected<Facts[N]>> => {
    const known = memo.get(name);
    if (known !== undefined) return known as Promise<Collected<Facts[N]>>;
    const pending = collectOne(byName.get(name), { ...context, http, get }, records);
    memo.set(name, pending as Promise<Collected<never>>);
    return pending as Promise<Collected<Facts[N]>>;
  };
  return { get, records };
}

/** Replays saved evidence; what was not saved is a gap, never a request. */
export function replayingStore(saved: readonly EvidenceRecord[]): EvidenceStore {
  const byName = new Map(saved.map((record) => [record.name, record]));
  return {
    records: saved,
    get: async <N extends EvidenceName>(name: N): Promise<Collected<Facts[N]>> => {
      const record = byName.get(name);
      if (record === undefined) return failed(`the saved evidence has no ${name}`);
      return record.gap ?? { value: record.value as Facts[N] };
    },
  };
}

/** Thrown instead of sending; its evidence is then withheld, not failed. */
class NotAsked extends Error {}

async function refuseOffline(): Promise<never> {
  throw new NotAsked("not asked: --offline looks at this machine only");
}

async function collectOne(
  spec: EvidenceSpec | undefined,
  context: EvidenceContext,
  records: EvidenceRecord[],
): Promise<Collected<Facts[EvidenceName]>> {
  if (spec === undefined) return failed("no collector is registered for this evidence");
  const { clock, redactor } = context;
  const collectedAt = new Date(clock.now()).toISOString();
  const started = clock.monotonicMs();
  let outcome: Collected<Facts[EvidenceName]>;
  try {
    const result = await spec.collect(context);
    outcome = isGap(result) ? result : { value: redactor.json(result) };
  } catch (thrown) {
    // A collector's own trouble must not end the suite: it becomes an answer that says it could not be told.
    const words = isRelayfileError(thrown)
      ? thrown.message
      : `${spec.name} could not be collected: ${messageOf(thrown)}`;
    outcome =
      thrown instanceof NotAsked ? { gap: "withheld", reason: thrown.message } : failed(redactor.text(words));
  }
  const durationMs = Math.round(clock.monotonicMs() - started);
  const base = {
    schemaVersion: "1.0",
    kind: "relayfile.evidence",
    name: spec.name,
    effect: spec.effect,
    collectedAt,
    durationMs,
  } as const;
  records.push(outcome.gap === undefined ? { ...base, value: outcome.value } : { ...base, gap: outcome });
  return outcome;
}
