/** Small literals of evidence about one machine: its credentials, its mirror, its daemon. */
import type { CredentialFileFact, Facts, ProbeFact, ServiceFact } from "../../verify/facts.ts";
import { EMPTY_FACTS, NOON, probe } from "./facts.ts";

type Json = Readonly<Record<string, unknown>>;
type Env = Facts["credentials"]["env"];

/** A service that gave this answer and was not recognised by it. */
export function service(baseUrl: string, answer: ProbeFact): ServiceFact {
  return { ...EMPTY_FACTS.fileApi, baseUrl, probe: answer };
}

/** A usable file of a cloud session. */
export function cloudFile(change: Partial<CredentialFileFact>): CredentialFileFact {
  return {
    name: "cloud-credentials",
    path: "~/.relayfile/cloud-credentials.json",
    state: "ok",
    problem: null,
    loose: false,
    server: null,
    accessExpiresAt: null,
    refreshExpiresAt: null,
    updatedAt: null,
    tokenKind: "cloud-access",
    fingerprint: "cloud0000000",
    ...change,
  };
}

/** Credential files and variables as collected at noon. */
export function credentials(files: readonly CredentialFileFact[], env: Env = []): Facts["credentials"] {
  return { files, env, collectedAtMs: NOON };
}

/** What the control plane says of one provider. */
export function integration(status: Json & { readonly provider: string }): Facts["integrations"] {
  return {
    list: probe(),
    rows: [{ provider: status.provider, status: "ready" }] as Facts["integrations"]["rows"],
    statuses: [
      {
        provider: status.provider,
        probe: probe(),
        status,
      } as unknown as Facts["integrations"]["statuses"][number],
    ],
  };
}

/** What the file API says of Jira's queue. */
export function syncRow(change: Json): Facts["sync"] {
  const row = {
    provider: "jira",
    status: "healthy",
    cursor: null,
    watermarkTs: null,
    lagSeconds: 0,
    ...change,
  };
  return {
    probe: probe(),
    status: { workspaceId: "rw_aaaaaaaa", providers: [row] } as unknown as Facts["sync"]["status"],
  };
}

/** A mirror whose daemon runs since two hours before noon and is content. */
export function mounted(state: Json = {}): Facts["mount"] {
  return {
    dir: "/m",
    source: "registry",
    root: "directory",
    incidents: [],
    state: {
      status: "ok",
      problem: null,
      modifiedAtMs: NOON,
      value: {
        workspaceId: "rw_aaaaaaaa",
        failedWritebacks: 0,
        bootstrapComplete: true,
        ...state,
      } as unknown as Facts["mount"]["state"]["value"],
    },
    pid: {
      record: { pid: 42, startedAt: new Date(NOON - 2 * 3_600_000).toISOString() },
      alive: true,
      executable: null,
    },
    pendingDeletes: { count: 0, oldestAt: null },
    collectedAtMs: NOON,
  };
}

/** The runtime area of that mirror. */
export function area(change: Partial<Facts["mountArea"]> = {}): Facts["mountArea"] {
  return { ...EMPTY_FACTS.mountArea, lock: { pid: 42, alive: true }, ...change };
}

/** A log in which nothing stands out. */
export function log(
  change: Partial<NonNullable<Facts["mountArea"]["log"]>>,
): NonNullable<Facts["mountArea"]["log"]> {
  return {
    lines: 100,
    firstAt: null,
    lastAt: null,
    statusCallsPerMinuteMax: 0,
    rateLimited: 0,
    unauthorized: 0,
    invalidScope: 0,
    notADirectory: { count: 0, path: null },
    forcedReconciles: 0,
    flushTimeouts: 0,
    refusedWrites: [],
    ...change,
  };
}

/** One save that has waited so long, ms. */
export function outboxOf(ageMs: number): Facts["mountArea"]["outbox"] {
  return { count: 1, oldestAtMs: NOON - ageMs, paths: ["/jira/issues/x.json"] };
}

/** One tracked file whose bytes differ, at the revision the daemon knows. */
export function compared(change: Partial<Facts["mirror"]["compared"][number]>) {
  return {
    path: "/jira/issues/x.json",
    exchangeId: "x009",
    local: "a".repeat(64),
    remote: "b".repeat(64),
    remoteStatus: "ok" as const,
    remoteRevision: "r1",
    remoteEditedAt: null,
    knownRevision: "r1",
    status: "ready",
    localEditedAt: null,
    ...change,
  };
}

/** A comparison of these files. */
export function mirrorOf(...files: readonly Facts["mirror"]["compared"][number][]): Facts["mirror"] {
  return { probe: probe(), tracked: 40, compared: files, problem: null, collectedAtMs: NOON };
}
