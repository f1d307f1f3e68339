import { describe, expect, test } from "bun:test";
import type { Check } from "../../../verify/check.ts";
import { atlassianSiteChosen, connectionsCurrent } from "../../../verify/doctor/connections.ts";
import { credentialFilesPrivate, oneCloudSession } from "../../../verify/doctor/credential-area.ts";
import { environmentConsistent, loginFitsShell } from "../../../verify/doctor/environment.ts";
import workspaceIdentity from "../../../verify/doctor/identity.ts";
import { ingressClean, providersFed } from "../../../verify/doctor/inbound.ts";
import issuerKeyCurrent from "../../../verify/doctor/issuer.ts";
import joinFast from "../../../verify/doctor/join.ts";
import mirrorMatches from "../../../verify/doctor/mirror-content.ts";
import { bootstrapEnds, collisionsIn } from "../../../verify/doctor/mount-bootstrap.ts";
import daemonUndisturbed from "../../../verify/doctor/mount-daemon.ts";
import { guardsQuiet } from "../../../verify/doctor/mount-guards.ts";
import mountReachesAll from "../../../verify/doctor/mount-reach.ts";
import { deadLettersEmpty, outboxDrains } from "../../../verify/doctor/mount-writes.ts";
import networkWorks from "../../../verify/doctor/network.ts";
import scopesAsAsked from "../../../verify/doctor/scopes.ts";
import { pollingCalm, routesDeployed } from "../../../verify/doctor/traffic.ts";
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
import { codesOf, findingsOf, runCheck } from "../../support/run-check.ts";

const HOUR = 3_600_000;
const ago = (ms: number) => new Date(NOON - ms).toISOString();
const down = (failure: "dns" | "connect" | "reset" | "timeout") =>
  probe({ status: null, kind: "none", failure, message: failure });
const scopes = (list: readonly string[]) => target({ workspaceToken: workspaceToken({ scopes: [...list] }) });
const clock = (skewMs: number): Facts["clock"] => ({ samples: [], skewMs });
const noDeadLetters = EMPTY_FACTS.deadLetters;
const jira = { provider: "jira", ready: true, oauth: { connected: true } } as const;
const resolvesTo = (id: string, asked = id, fileApiUrl: string | null = null): Facts["resolved"] => ({
  probe: probe(),
  asked,
  id,
  cloudId: null,
  fileApiUrl,
});
const fromEnv = target({ sources: { workspace: "env RELAYFILE_WORKSPACE" } });
const current = (defaultWorkspaceId: string) => ({ ...EMPTY_FACTS.credentialArea, defaultWorkspaceId });

/** What it is, the check, the evidence, and the findings that are right; most look like a fault and are none. */
const SCENARIOS: readonly (readonly [string, Check, Partial<Facts>, readonly string[]])[] = [
  [
    "one host that is down beside one that answers",
    networkWorks,
    { fileApi: service("http://a", down("dns")), controlPlane: service("http://b", probe()) },
    [],
  ],
  [
    "two connections that stood and broke",
    networkWorks,
    { fileApi: service("http://a", down("reset")), controlPlane: service("http://b", down("reset")) },
    [],
  ],
  [
    "two hosts that fail in different ways before a connection stood",
    networkWorks,
    { fileApi: service("http://a", down("dns")), controlPlane: service("http://b", down("timeout")) },
    ["doctor.network-unreachable"],
  ],
  [
    "two services of one remote host that refuses",
    networkWorks,
    { fileApi: service("http://a:1", down("connect")), controlPlane: service("http://a:2", down("connect")) },
    ["doctor.server-not-running"],
  ],
  [
    "a key that the issuer does not publish",
    issuerKeyCurrent,
    {
      target: target(),
      access: { ...EMPTY_FACTS.access, probe: probe({ status: 401, message: "unknown kid" }) },
      issuerKeys: { probe: probe(), keyIds: ["k2"] },
    },
    [],
  ],
  [
    "a token that expired under a published key",
    issuerKeyCurrent,
    {
      target: target(),
      access: { ...EMPTY_FACTS.access, probe: probe({ status: 401, message: "token expired" }) },
      issuerKeys: { probe: probe(), keyIds: ["k1"] },
    },
    [],
  ],
  [
    "a workspace the variable names and this machine works with, and a token of another",
    workspaceIdentity,
    { target: fromEnv, resolved: resolvesTo("rw_bbbbbbbb"), credentialArea: current("rw_bbbbbbbb") },
    [],
  ],
  [
    "a UUID of the token's workspace",
    workspaceIdentity,
    { target: fromEnv, resolved: resolvesTo("rw_aaaaaaaa", "7b0f3f3e-0000-4000-8000-000000000001") },
    [],
  ],
  [
    "another name of a loopback host",
    workspaceIdentity,
    { target: target(), resolved: resolvesTo("rw_aaaaaaaa", "demo", "https://files.example.test") },
    [],
  ],
  [
    "two sessions that are both good",
    oneCloudSession,
    {
      target: target(),
      credentials: credentials([
        cloudFile({ accessExpiresAt: ago(-HOUR) }),
        cloudFile({ path: "~/b.json", fingerprint: "b", accessExpiresAt: ago(-2 * HOUR) }),
      ]),
    },
    [],
  ],
  [
    "a session that ended only by a wrong local clock",
    oneCloudSession,
    {
      target: target(),
      clock: clock(-2 * HOUR),
      credentials: credentials([
        cloudFile({ accessExpiresAt: ago(HOUR) }),
        cloudFile({ path: "~/b.json", fingerprint: "b", accessExpiresAt: ago(-HOUR) }),
      ]),
    },
    [],
  ],
  [
    "a renewal that holds its lock right now",
    credentialFilesPrivate,
    {
      credentials: credentials([cloudFile({})]),
      credentialArea: {
        ...EMPTY_FACTS.credentialArea,
        locks: [
          { path: "~/a.lock", ageMs: HOUR, holderAlive: true },
          { path: "~/b.lock", ageMs: 900, holderAlive: null },
        ],
      },
    },
    [],
  ],
  [
    "a token variable beside a cloud session",
    environmentConsistent,
    {
      target: target(),
      credentials: credentials(
        [cloudFile({ name: "workspace-credentials", fingerprint: "f" }), cloudFile({})],
        [{ name: "RELAYFILE_TOKEN", tokenKind: "workspace-jwt", fingerprint: "f" }],
      ),
    },
    [],
  ],
  [
    "a remote shell whose user is signed in",
    loginFitsShell,
    {
      target: target({ cloudToken: { ...workspaceToken(), kind: "cloud-access" } }),
      credentialArea: { ...EMPTY_FACTS.credentialArea, headless: ["SSH_TTY"] },
    },
    [],
  ],
  [
    "full access that was asked for by another spelling",
    scopesAsAsked,
    {
      target: scopes(["relayfile:fs:read:*"]),
      credentialArea: { ...EMPTY_FACTS.credentialArea, requestedScopes: ["fs:read"] },
    },
    [],
  ],
  [
    "a path scope of the whole tree beside a bare one",
    scopesAsAsked,
    { target: scopes(["fs:read", "relayfile:fs:read:/**"]), credentialArea: EMPTY_FACTS.credentialArea },
    [],
  ],
  [
    "a link of a sign-in that was finished",
    connectionsCurrent,
    { target: target(), integrations: integration({ ...jira, expiresAt: ago(HOUR) }) },
    [],
  ],
  [
    "a site that is known, in metadata that is shown",
    atlassianSiteChosen,
    { integrations: integration({ ...jira, metadata: { cloudId: "c", baseUrl: "https://x" } }) },
    [],
  ],
  [
    "duplicates and stale deliveries, which are healthy",
    ingressClean,
    {
      ingress: {
        ...EMPTY_FACTS.ingress,
        counts: [
          {
            provider: "jira",
            accepted: 9,
            dropped: 0,
            pending: 1,
            oldestPendingSeconds: 3,
            suppressed: 8,
            stale: 2,
          },
        ],
      },
    },
    [],
  ],
  [
    "a quiet weekend of a day less an hour",
    providersFed,
    { target: target(), sync: syncRow({ watermarkTs: ago(23 * HOUR) }) },
    [],
  ],
  [
    "a queue with real lag",
    providersFed,
    { target: target(), sync: syncRow({ status: "lagging", lagSeconds: 90 }) },
    [],
  ],
  [
    "a first join that failed twice",
    joinFast,
    {
      target: target(),
      join: { probe: probe({ status: 500 }), first: probe({ status: 500 }), othersMs: 5, others: [] },
    },
    [],
  ],
  [
    "a difference that the outbox names",
    mirrorMatches,
    {
      mount: mounted(),
      mirror: mirrorOf(compared({ remoteEditedAt: ago(2 * HOUR), localEditedAt: ago(HOUR) })),
      mountArea: area({ outbox: outboxOf(HOUR) }),
    },
    [],
  ],
  [
    "a difference that the daemon has refused to send",
    mirrorMatches,
    { mount: mounted(), mirror: mirrorOf(compared({ status: "write-denied", localEditedAt: ago(HOUR) })) },
    [],
  ],
  [
    "a server's version younger than two slow cycles",
    mirrorMatches,
    {
      mount: mounted({ intervalMs: 600_000 }),
      mirror: mirrorOf(
        compared({ remoteEditedAt: ago(900_000), localEditedAt: ago(HOUR), knownRevision: "r0" }),
      ),
    },
    ["doctor.mirror-drifts"],
  ],
  [
    "a first sync of five minutes",
    bootstrapEnds,
    {
      mount: mounted({ bootstrapComplete: false, bootstrap: { phase: "pulling", startedAt: ago(300_000) } }),
      mountArea: area(),
    },
    [],
  ],
  [
    "one line about a path that was no directory for a moment",
    bootstrapEnds,
    { mount: mounted(), mountArea: area({ log: log({ notADirectory: { count: 1, path: "/a" } }) }) },
    [],
  ],
  [
    "a failure counter beside an unresolved write",
    guardsQuiet,
    {
      mount: mounted({ failedWritebacks: 3 }),
      mountArea: area(),
      deadLetters: { ...noDeadLetters, malformed: [{ file: "x", reason: "y" }] },
    },
    [],
  ],
  [
    "a stale lock of a process that is gone",
    daemonUndisturbed,
    { target: target(), mount: mounted(), mountArea: area({ lock: { pid: 41, alive: false } }) },
    [],
  ],
  [
    "a login younger than a daemon that is content",
    daemonUndisturbed,
    {
      target: target(),
      mount: mounted(),
      mountArea: area(),
      credentials: credentials([cloudFile({ name: "workspace-credentials", updatedAt: ago(60_000) })]),
    },
    [],
  ],
  [
    "a mirror inside a mirror of the same workspace",
    daemonUndisturbed,
    {
      target: target(),
      mount: mounted(),
      mountArea: area({ enclosing: [{ dir: "/outer", workspaceId: "rw_aaaaaaaa" }] }),
    },
    [],
  ],
  [
    "a feed that was switched off, or has not connected yet",
    mountReachesAll,
    {
      mount: mounted({ eventListener: { mode: "poll", status: "disabled" } }),
      mountArea: area(),
      access: { probe: probe(), entries: [], totalFiles: 0 },
    },
    [],
  ],
  [
    "an older layout's scope that holds every entry there is",
    mountReachesAll,
    {
      mount: mounted({ remotePaths: ["/jira"] }),
      mountArea: area(),
      access: { probe: probe(), entries: ["/jira/"], totalFiles: 1 },
    },
    [],
  ],
  [
    "twelve calls a minute",
    pollingCalm,
    { mountArea: area({ log: log({ statusCallsPerMinuteMax: 12 }) }) },
    [],
  ],
  [
    "a route that answers 404 about a record",
    routesDeployed,
    {
      ingress: EMPTY_FACTS.ingress,
      resolved: { ...resolvesTo("rw_a"), probe: probe({ status: 404, message: "no such workspace" }) },
    },
    [],
  ],
  [
    "a deployment where no route answers",
    routesDeployed,
    {
      ingress: {
        ...EMPTY_FACTS.ingress,
        probe: probe({ status: 404, message: "route not found" }),
        deadProbe: probe({ status: 404, message: "route not found" }),
      },
    },
    [],
  ],
  [
    "a save of this minute",
    outboxDrains,
    { mount: mounted(), mountArea: area({ outbox: outboxOf(40_000) }) },
    [],
  ],
  [
    "a dead letter of several paths, as older daemons wrote them",
    deadLettersEmpty,
    {
      mount: mounted(),
      deadLetters: { ...noDeadLetters, records: [{ opId: "op_1", path: "/a,/b", attempts: 4 }] },
    },
    ["doctor.dead-letter-present"],
  ],
];

describe("what looks alike", () => {
  for (const [name, check, facts, codes] of SCENARIOS) {
    const said = codes.length === 0 ? "says nothing about" : `says ${codes.join(", ")} about`;
    test(`${check.id} ${said} ${name}`, () => expect(codesOf(check, facts)).toEqual([...codes]));
  }
});

describe("what a finding says beside its code", () => {
  test("two hosts that refuse may be two outages: likely; two names that do not resolve are confirmed", () => {
    const facts = (failure: "dns" | "connect") => ({
      fileApi: service("http://a", down(failure)),
      controlPlane: service("http://b", down(failure)),
    });
    expect(findingsOf(networkWorks, facts("connect"))[0]?.confidence).toBe("likely");
    expect(findingsOf(networkWorks, facts("dns"))[0]?.confidence).toBe("confirmed");
    expect(runCheck(networkWorks, facts("dns")).kind).toBe("unknown");
  });

  test("a silent provider rules out the mirror only where its files were compared", () => {
    const facts = { target: target(), sync: syncRow({ watermarkTs: ago(48 * HOUR) }) };
    const equal = compared({ remote: "a".repeat(64) });
    expect(findingsOf(providersFed, facts)[0]?.ruledOut?.join()).not.toContain("mirror");
    expect(findingsOf(providersFed, { ...facts, mirror: mirrorOf(equal) })[0]?.ruledOut?.join()).toContain(
      "mirror",
    );
  });

  test("a path scope is an error only where even the root is closed", () => {
    const facts = {
      target: scopes(["fs:read", "relayfile:fs:read:/a/**"]),
      credentialArea: EMPTY_FACTS.credentialArea,
    };
    const access = (status: number) => ({ ...EMPTY_FACTS.access, probe: probe({ status }) });
    expect(findingsOf(scopesAsAsked, { ...facts, access: access(200) })[0]?.severity).toBe("warn");
    expect(findingsOf(scopesAsAsked, { ...facts, access: access(403) })[0]?.severity).toBe("error");
  });

  test("a guard that fired is news only while something of it shows", () => {
    const facts = (stallReason?: string) => ({
      mount: mounted({
        counters: { deniedRootTarget: 1 },
        ...(stallReason === undefined ? {} : { stallReason }),
      }),
      mountArea: area(),
      deadLetters: noDeadLetters,
    });
    expect(findingsOf(guardsQuiet, facts())[0]?.severity).toBe("info");
    expect(findingsOf(guardsQuiet, facts("the root is empty"))[0]?.severity).toBe("warn");
  });
});

describe("collisionsIn()", () => {
  test("names paths that are listed as a file and lie above another", () => {
    expect(collisionsIn(["/a/x.json", "/a/x.json/meta.json", "/a/xy.json", "/b"])).toEqual(["/a/x.json"]);
    expect(collisionsIn([])).toEqual([]);
  });
});
