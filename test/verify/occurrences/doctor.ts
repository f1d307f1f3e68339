/** Evidence in which findings of `doctor` occur: those that no fault stages, and those of checks that judge one machine. */
import type { DottedId } from "../../../verify/check.ts";
import type { Facts } from "../../../verify/facts.ts";
import {
  area,
  cloudFile,
  compared,
  credentials,
  integration,
  log,
  mirrorOf,
  mounted,
  outboxOf,
  service,
  syncRow,
} from "../../support/doctor-facts.ts";
import { EMPTY_FACTS, NOON, probe, target, workspaceToken } from "../../support/facts.ts";

const ago = (ms: number) => new Date(NOON - ms).toISOString();
const HOUR = 3_600_000;
const refused = probe({
  status: null,
  kind: "none",
  failure: "connect",
  message: "connection refused (ECONNREFUSED)",
});
const unresolved = probe({
  status: null,
  kind: "none",
  failure: "dns",
  message: "the name does not resolve",
});
const rejected = (message: string) => probe({ status: 401, code: "unauthorized", message });
const claims = (scopes: readonly string[]) => ({
  target: target({ workspaceToken: workspaceToken({ scopes: [...scopes] }) }),
});
const elsewhere = target({ sources: { workspace: "env RELAYFILE_WORKSPACE" } });
const jira = { provider: "jira", oauth: { connected: true } } as const;

/** The network, the services and the issuer. */
const SERVICES: Readonly<Record<DottedId, Partial<Facts>>> = {
  "doctor.network-unreachable": {
    fileApi: service("https://files.example.test", unresolved),
    controlPlane: service("https://cloud.example.test", unresolved),
  },
  "doctor.server-not-running": {
    fileApi: service("http://127.0.0.1:9", refused),
    controlPlane: service("http://127.0.0.1:9/cloud", refused),
  },
  "doctor.issuer-restarted": {
    target: target(),
    access: { ...EMPTY_FACTS.access, probe: rejected("signature mismatch") },
    issuerKeys: { probe: probe(), keyIds: ["k1"] },
  },
  "doctor.scope-refused": {
    target: target(),
    access: {
      ...EMPTY_FACTS.access,
      probe: probe({ status: 403, message: "missing required scope: fs:read" }),
    },
  },
  "doctor.route-not-deployed": {
    ingress: {
      ...EMPTY_FACTS.ingress,
      probe: probe({ status: 404, message: "route not found" }),
      counts: null,
    },
  },
  "doctor.cold-start": {
    target: target(),
    join: { probe: probe({ method: "POST" }), first: probe({ status: 500 }), othersMs: 20, others: [] },
  },
};

/** Credentials, the environment and who is who. */
const IDENTITY: Readonly<Record<DottedId, Partial<Facts>>> = {
  "doctor.tokens-swapped": {
    target: target({
      workspaceToken: { ...workspaceToken(), kind: "cloud-access", claims: null },
      cloudToken: workspaceToken(),
    }),
  },
  "doctor.cloud-credential-damaged": {
    target: target(),
    credentials: credentials([cloudFile({ state: "invalid", problem: "not JSON" })]),
  },
  "doctor.credentials-split": {
    target: target(),
    credentials: credentials([
      cloudFile({ accessExpiresAt: ago(-HOUR) }),
      cloudFile({
        name: "shared-cloud",
        path: "~/shared.json",
        fingerprint: "other",
        accessExpiresAt: ago(HOUR),
      }),
    ]),
  },
  "doctor.cloud-session-shared": {
    target: target({
      cloudToken: { ...workspaceToken(), kind: "cloud-access", fingerprint: "cloud0000000" },
    }),
    credentials: credentials([cloudFile({ accessExpiresAt: ago(-HOUR) })]),
    cloudIdentity: { probe: rejected("unknown token") },
  },
  "doctor.cloud-authorization-stripped": {
    target: target({
      cloudToken: { ...workspaceToken(), kind: "cloud-access", fingerprint: "cloud0000000" },
    }),
    credentials: credentials([cloudFile({ accessExpiresAt: ago(-HOUR) })]),
    cloudIdentity: { probe: rejected("missing or invalid bearer token") },
  },
  "doctor.credential-mode-loose": {
    credentials: credentials([cloudFile({ loose: true })]),
    credentialArea: EMPTY_FACTS.credentialArea,
  },
  "doctor.credential-lock-stale": {
    credentials: credentials([cloudFile({})]),
    credentialArea: {
      ...EMPTY_FACTS.credentialArea,
      locks: [{ path: "~/.relayfile/cloud-credentials.json.lock", ageMs: HOUR, holderAlive: false }],
    },
  },
  "doctor.token-hijacks-login": {
    target: target(),
    credentials: credentials(
      [cloudFile({ name: "workspace-credentials", fingerprint: "f1" })],
      [{ name: "RELAYFILE_TOKEN", tokenKind: "workspace-jwt", fingerprint: "f1" }],
    ),
  },
  "doctor.cloud-variables-partial": {
    target: target(),
    credentials: credentials(
      [],
      [{ name: "CLOUD_API_ACCESS_TOKEN", tokenKind: "cloud-access", fingerprint: "f2" }],
    ),
  },
  "doctor.server-is-cloud": {
    target: target(),
    credentials: credentials([
      cloudFile({ name: "workspace-credentials", server: "http://127.0.0.1:1/cloud" }),
    ]),
  },
  "doctor.login-needs-device": {
    target: target(),
    credentialArea: { ...EMPTY_FACTS.credentialArea, headless: ["SSH_CONNECTION"] },
  },
  "doctor.workspace-no-access": {
    target: target(),
    resolved: { ...EMPTY_FACTS.resolved, probe: probe({ status: 404, code: "workspace_not_found" }) },
  },
  "doctor.workspace-clobbered": {
    target: elsewhere,
    resolved: { probe: probe(), asked: "rw_bbbbbbbb", id: "rw_bbbbbbbb", cloudId: null, fileApiUrl: null },
  },
  "doctor.file-api-url-drift": {
    target: target({ fileApiUrl: "https://old.example.test" }),
    resolved: {
      probe: probe(),
      asked: "rw_aaaaaaaa",
      id: "rw_aaaaaaaa",
      cloudId: null,
      fileApiUrl: "https://new.example.test",
    },
  },
  "doctor.scope-broader": {
    ...claims(["fs:read", "fs:write"]),
    credentialArea: { ...EMPTY_FACTS.credentialArea, requestedScopes: ["fs:read"] },
  },
  "doctor.scope-path-shadow": {
    ...claims(["fs:read", "relayfile:fs:read:/linear/**"]),
    credentialArea: EMPTY_FACTS.credentialArea,
  },
};

/** What the control plane and the service say about providers. */
const PROVIDERS: Readonly<Record<DottedId, Partial<Facts>>> = {
  "doctor.connect-link-expired": {
    target: target(),
    integrations: integration({ ...jira, ready: false, oauth: { connected: false }, expiresAt: ago(HOUR) }),
  },
  "doctor.catalog-lacks-provider": {
    integrations: integration({ ...jira, ready: true }),
    controlPlane: { ...service("http://127.0.0.1:1/cloud", probe()), catalog: ["Jira_Cloud", "ji-ra"] },
  },
  "doctor.atlassian-site-unset": {
    integrations: integration({ ...jira, ready: true, metadata: { baseUrl: "x" } }),
  },
  "doctor.envelope-dead": {
    ingress: {
      ...EMPTY_FACTS.ingress,
      dead: [{ id: "e1", provider: "jira", failedAt: null, error: "no repository" }],
    },
  },
  "doctor.ingress-dropped": { ingress: { ...EMPTY_FACTS.ingress, counts: [counts({ dropped: 3 })] } },
  "doctor.ingress-backlog": {
    ingress: { ...EMPTY_FACTS.ingress, counts: [counts({ pending: 2, oldestPendingSeconds: 900 })] },
  },
  "doctor.sync-provider-error": { target: target(), sync: syncRow({ status: "error" }) },
  "doctor.sync-no-watermark": { target: target(), sync: syncRow({ status: "lagging", lagSeconds: 0 }) },
  "doctor.feed-silent": { target: target(), sync: syncRow({ watermarkTs: ago(48 * HOUR) }) },
  "doctor.listing-truncated": {
    records: {
      collectedAtMs: NOON,
      providers: [
        {
          provider: "jira",
          connected: true,
          listing: probe(),
          truncated: true,
          files: [{ path: "/jira/a.json", hash: null }],
          indexes: [],
          samples: [],
          layoutAliases: null,
        },
      ],
    },
  },
};

/** The mirror and its daemon. */
const MIRROR: Readonly<Record<DottedId, Partial<Facts>>> = {
  "doctor.mirror-stale": {
    mount: mounted(),
    mirror: mirrorOf(
      compared({ remoteEditedAt: ago(HOUR), localEditedAt: ago(2 * HOUR), knownRevision: "r0" }),
    ),
  },
  "doctor.edit-never-queued": {
    mount: mounted(),
    mirror: mirrorOf(compared({ remoteEditedAt: ago(2 * HOUR), localEditedAt: ago(HOUR) })),
  },
  "doctor.mirror-drifts": {
    mount: mounted(),
    mirror: mirrorOf(compared({ remoteEditedAt: ago(2 * HOUR), localEditedAt: ago(5_000) })),
  },
  "doctor.path-collision": {
    mount: mounted(),
    mountArea: area({ log: log({ notADirectory: { count: 4, path: "/github/x" } }) }),
  },
  "doctor.bootstrap-stalled": {
    mount: mounted({ bootstrapComplete: false, bootstrap: { phase: "pulling", startedAt: ago(HOUR) } }),
    mountArea: area(),
  },
  "doctor.flush-timeout": {
    mount: mounted({ bootstrapComplete: false }),
    mountArea: area({ log: log({ flushTimeouts: 1 }) }),
  },
  "doctor.guard-tripped": {
    mount: mounted({ counters: { snapshotDeleteBlocked: 1 } }),
    mountArea: area(),
    deadLetters: EMPTY_FACTS.deadLetters,
  },
  "doctor.edit-oversize": {
    mount: mounted({ counters: { skippedOversizeWriteback: 1 } }),
    mountArea: area(),
    deadLetters: EMPTY_FACTS.deadLetters,
  },
  "doctor.conflict-waiting": {
    mount: mounted(),
    mountArea: area({ conflicts: ["a.json.rev_1.local"] }),
    deadLetters: EMPTY_FACTS.deadLetters,
  },
  "doctor.change-denied": {
    mount: mounted(),
    mountArea: area({ denials: { count: 1, last: ["a.json reverted"] } }),
    deadLetters: EMPTY_FACTS.deadLetters,
  },
  "doctor.disk-nearly-full": {
    mount: mounted(),
    mountArea: area({ freeBytes: 1_048_576 }),
    deadLetters: EMPTY_FACTS.deadLetters,
  },
  "doctor.mirror-not-writable": {
    mount: mounted(),
    mountArea: area({ writable: false }),
    deadLetters: EMPTY_FACTS.deadLetters,
  },
  "doctor.lifetime-failures": {
    mount: mounted({ failedWritebacks: 2 }),
    mountArea: area(),
    deadLetters: EMPTY_FACTS.deadLetters,
  },
  "doctor.mount-duplicate": {
    target: target(),
    mount: mounted(),
    mountArea: area({ rivals: [77] }),
  },
  "doctor.mount-predates-login": {
    target: target(),
    mount: mounted({ lastError: { statusCode: 401 } }),
    mountArea: area(),
    credentials: credentials([cloudFile({ name: "workspace-credentials", updatedAt: ago(60_000) })]),
  },
  "doctor.mount-cursor-stuck": {
    target: target(),
    mount: mounted({ stuckEventCount: 2 }),
    mountArea: area(),
  },
  "doctor.mount-nested": {
    target: target(),
    mount: mounted(),
    mountArea: area({ enclosing: [{ dir: "/outer", workspaceId: "rw_bbbbbbbb" }] }),
  },
  "doctor.mount-scoped": {
    mount: mounted({ remotePaths: ["/linear"] }),
    mountArea: area(),
    access: { probe: probe(), entries: ["/linear/", "/jira/"], totalFiles: 2 },
  },
  "doctor.feed-polling": {
    mount: mounted({ eventListener: { mode: "poll", status: "reconnecting" } }),
    mountArea: area(),
    access: { probe: probe(), entries: [], totalFiles: 0 },
  },
  "doctor.poll-storm": { mountArea: area({ log: log({ statusCallsPerMinuteMax: 60 }) }) },
  "doctor.scope-loop": { mountArea: area({ log: log({ invalidScope: 4 }) }) },
  "doctor.outbox-stuck": { mount: mounted(), mountArea: area({ outbox: outboxOf(10 * 60_000) }) },
  "doctor.outbox-waiting": {
    mount: { ...mounted(), pid: null },
    mountArea: area({ outbox: outboxOf(10 * 60_000) }),
  },
  "doctor.dead-letter-outside-root": {
    mount: mounted({ remoteRoot: "/linear" }),
    deadLetters: {
      dir: "/m",
      records: [{ opId: "op_1", path: "/issues/x.json", attempts: 1 }],
      malformed: [],
    },
  },
};

/** By code: what is given to its check. */
export const DOCTOR: Readonly<Record<DottedId, Partial<Facts>>> = {
  ...SERVICES,
  ...IDENTITY,
  ...PROVIDERS,
  ...MIRROR,
};

function counts(change: Partial<NonNullable<Facts["ingress"]["counts"]>[number]>) {
  const none = { accepted: 9, dropped: 0, pending: 0, oldestPendingSeconds: 0, suppressed: 0, stale: 0 };
  return { provider: "jira", ...none, ...change };
}
