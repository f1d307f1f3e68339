/** Small literals of evidence: each test says only what matters to it. */
import type {
  DigestFileFact,
  DiscoveredResourceFact,
  DiscoveryFact,
  Facts,
  OpsFact,
  ProbeFact,
  ProviderDiscoveryFact,
  RefreshFact,
  TargetFact,
} from "../../verify/facts.ts";

/** Noon on the day of the seed documents. */
export const NOON = Date.UTC(2026, 4, 20, 12);

/** A request that was answered 200 with JSON. */
export function probe(over: Partial<ProbeFact> = {}): ProbeFact {
  return {
    exchangeId: "x001",
    method: "GET",
    url: "http://127.0.0.1:1/v1",
    status: 200,
    kind: "json",
    code: null,
    message: null,
    failure: null,
    totalMs: 4,
    retryAfter: null,
    location: null,
    ...over,
  };
}

/** A target with a good workspace token. */
export function target(over: Partial<TargetFact> = {}): TargetFact {
  return {
    fileApiUrl: "http://127.0.0.1:1",
    controlPlaneUrl: "http://127.0.0.1:1/cloud",
    workspace: { id: "rw_aaaaaaaa", cloudId: null, name: "demo" },
    sources: { fileApiUrl: "--file-api", controlPlaneUrl: "--control-plane", workspace: "--workspace" },
    workspaceToken: workspaceToken(),
    cloudToken: null,
    mountDir: null,
    problems: [],
    boundElsewhere: [],
    provider: null,
    collectedAtMs: NOON,
    ...over,
  };
}

/** A workspace token that expires in half an hour. */
export function workspaceToken(
  claims: Partial<NonNullable<NonNullable<TargetFact["workspaceToken"]>["claims"]>> = {},
): NonNullable<TargetFact["workspaceToken"]> {
  return {
    source: "--token-file t",
    kind: "workspace-jwt",
    fingerprint: "0123456789ab",
    claims: {
      workspaceId: "rw_aaaaaaaa",
      subject: "agent",
      scopes: ["fs:read", "fs:write", "sync:read", "sync:trigger", "ops:read"],
      audience: ["relayfile"],
      expiresAtSeconds: NOON / 1000 + 1800,
      issuedAtSeconds: NOON / 1000 - 1800,
      issuer: "relayauth",
      algorithm: "RS256",
      keyId: "k1",
      prefixed: false,
      ...claims,
    },
  };
}

/** A discovery fact of one provider. */
export function discovery(
  resources: readonly DiscoveredResourceFact[],
  over: Partial<ProviderDiscoveryFact> = {},
): DiscoveryFact {
  return {
    collectedAtMs: NOON,
    providers: [
      {
        provider: "jira",
        connected: true,
        listing: probe(),
        truncated: false,
        files: resources.map((resource) => resource.schema.path),
        layout: null,
        adapterDoc: null,
        resources,
        ...over,
      },
    ],
  };
}

/** Parts of a resource that tests vary. */
export interface ResourceParts {
  readonly path?: string;
  readonly properties?: readonly string[] | null;
  readonly lastEditedAt?: string;
  /** Index rows; null for a missing index. */
  readonly rows?: number | null;
  readonly indexStatus?: number | null;
  readonly children?: readonly string[];
  /** What each sampled row gave: `fields`, `empty`, `tombstone`, or null for not found. */
  readonly hits?: readonly ("fields" | "empty" | "tombstone" | null)[];
  readonly triedStatus?: number | null;
}

/** One resource of the discovery tree. */
export function resource(parts: ResourceParts = {}): DiscoveredResourceFact {
  const path = parts.path ?? "/jira/issues";
  const { properties = ["summary"], rows = 3 } = parts;
  const file = (name: string) => ({
    path: `/discovery${path}/${name}`,
    exchangeId: "x002",
    status: 200,
    problem: null,
    revision: "rev_1",
    lastEditedAt: parts.lastEditedAt ?? "2026-05-18T00:00:00.000Z",
    sha256: null,
  });
  return {
    path,
    placeholder: path.includes("{"),
    schema: {
      ...file(".schema.json"),
      document:
        properties === null
          ? null
          : {
              type: "object",
              properties: Object.fromEntries(properties.map((name) => [name, { type: "string" }])),
            },
    },
    example: null,
    index: path.includes("{")
      ? null
      : {
          path: `${path}/_index.json`,
          exchangeId: "x003",
          status: parts.indexStatus === undefined ? (rows === null ? 404 : 200) : parts.indexStatus,
          problem: rows === null ? "missing" : null,
          rows,
          first: Array.from({ length: Math.min(rows ?? 0, 5) }, (_, n) => ({ id: String(10_000 + n) })),
          canonicalPaths: [],
        },
    sample: {
      canonicalChildren: [...(parts.children ?? [])],
      byId: ["KAN-1.json", "KAN-2.json"],
      byUuid: [],
      rows: (parts.hits ?? []).map((content, n) => ({
        id: String(10_000 + n),
        tried: [
          {
            path: `${path}/by-id/${10_000 + n}.json`,
            exchangeId: "x004",
            status: content === null ? (parts.triedStatus === undefined ? 404 : parts.triedStatus) : 200,
          },
        ],
        hit: content === null ? null : `${path}/by-id/${10_000 + n}.json`,
        content,
        fieldCount: content === "fields" ? 7 : 0,
      })),
    },
  };
}

/** A refresh at noon that says it backfilled jira. */
export function refresh(over: Partial<RefreshFact> = {}): RefreshFact {
  return {
    probe: probe({ method: "POST", exchangeId: "x005" }),
    startedAtMs: NOON,
    report: {
      workspaceId: "rw_aaaaaaaa",
      refreshed: [{ provider: "jira", discoveryBackfilled: true, errors: 0 }],
    },
    problem: null,
    ...over,
  };
}

/** A digest of today with bullets at the given paths. */
export function digest(
  paths: readonly string[],
  frontMatter: NonNullable<DigestFileFact["frontMatter"]> = {},
  path = "/digests/today.md",
): DigestFileFact {
  return {
    path,
    exchangeId: "x006",
    status: 200,
    problem: null,
    revision: "rev_9",
    lastEditedAt: "2026-05-20T11:59:00.000Z",
    frontMatter: {
      date: "2026-05-20",
      generated_at: "2026-05-20T11:59:00.000Z",
      covers: "today",
      timezone: "UTC",
      providers: ["linear"],
      events: paths.length,
      truncated: false,
      warnings: [],
      ...frontMatter,
    },
    sections: ["linear"],
    bullets: paths.map((entry) => ({ provider: "linear", identifier: entry, path: entry })),
  };
}

/** Digests as collected at noon. */
export function digests(
  files: readonly DigestFileFact[],
  over: Partial<Facts["digests"]> = {},
): Facts["digests"] {
  return {
    files,
    listed: files.map((file) => file.path),
    newestEvent: { path: "/linear/issues/a__1.json", at: "2026-05-20T11:58:00.000Z", exchangeId: "x007" },
    collectedAtMs: NOON,
    ...over,
  };
}

/** Ops as collected at noon. */
export function ops(items: readonly Partial<OpsFact["items"][number]>[]): OpsFact {
  return {
    probe: probe(),
    items: items.map((item, n) => ({
      opId: `op_${n + 1}`,
      path: "/jira/issues/fix-it__10001.json",
      provider: "jira",
      action: "file_upsert",
      status: "succeeded",
      attemptCount: 1,
      exchangeId: "x008",
      ...item,
    })),
    truncatedStates: [],
    collectedAtMs: NOON,
  };
}

const NO_ANSWER = probe({ status: null, kind: "none", failure: "connect" });

/** Evidence of a workspace where there is nothing at all: what no check may call a pass. */
export const EMPTY_FACTS: Facts = {
  target: target({ workspace: null, workspaceToken: null, controlPlaneUrl: null, sources: {} }),
  credentials: { files: [], env: [], collectedAtMs: NOON },
  fileApi: {
    service: "file-api",
    baseUrl: "http://127.0.0.1:1",
    probe: probe({ status: null, kind: "none", failure: "connect" }),
    recognised: false,
    version: null,
    asOther: null,
    isOther: false,
  },
  controlPlane: {
    service: "control-plane",
    baseUrl: "http://127.0.0.1:1/cloud",
    probe: probe({ status: null, kind: "none", failure: "connect" }),
    recognised: false,
    version: null,
    asOther: null,
    isOther: false,
  },
  access: { probe: probe({ status: null, kind: "none", failure: "connect" }), entries: [], totalFiles: null },
  cloudIdentity: { probe: probe({ status: null, kind: "none", failure: "connect" }) },
  join: { probe: probe({ status: null, kind: "none", failure: "connect" }), othersMs: 0, others: [] },
  clock: { samples: [], skewMs: 0 },
  integrations: { list: probe(), rows: [], statuses: [] },
  sync: {
    probe: probe({ status: null, kind: "none", failure: "connect" }),
    status: { workspaceId: "rw_aaaaaaaa", providers: [] },
  },
  ops: ops([]),
  discovery: { providers: [], collectedAtMs: NOON },
  refresh: refresh({ report: { workspaceId: "rw_aaaaaaaa", refreshed: [] } }),
  digests: { files: [], listed: [], newestEvent: null, collectedAtMs: NOON },
  mount: {
    dir: "/m",
    source: null,
    root: "missing",
    incidents: [],
    state: { status: "missing", problem: null, modifiedAtMs: null, value: null },
    pid: null,
    pendingDeletes: { count: 0, oldestAt: null },
    collectedAtMs: NOON,
  },
  deadLetters: { dir: null, records: [], malformed: [] },
  resolved: { probe: NO_ANSWER, asked: "rw_aaaaaaaa", id: null, cloudId: null, fileApiUrl: null },
  issuerKeys: { probe: NO_ANSWER, keyIds: null },
  credentialArea: {
    locks: [],
    looseDirectories: [],
    delegated: [],
    registeredFileApiUrl: null,
    requestedScopes: null,
    headless: [],
    collectedAtMs: NOON,
  },
  events: { probe: probe(), items: [], complete: true, collectedAtMs: NOON },
  ingress: { probe: probe(), counts: [], deadProbe: probe(), dead: [], collectedAtMs: NOON },
  writtenPlaces: { items: [], collectedAtMs: NOON },
  records: { providers: [], collectedAtMs: NOON },
  mountArea: {
    dir: "/m",
    log: null,
    outbox: { count: 0, oldestAtMs: null, paths: [] },
    conflicts: [],
    denials: { count: 0, last: [] },
    freeBytes: null,
    writable: true,
    lock: null,
    rivals: [],
    enclosing: [],
    collectedAtMs: NOON,
  },
  mirror: { probe: null, tracked: 0, compared: [], problem: null, collectedAtMs: NOON },
  writeProbe: {
    marker: "[relayfile writeback test 2026-05-20T12:00:00.000Z]",
    targets: [],
    collectedAtMs: NOON,
  },
};
