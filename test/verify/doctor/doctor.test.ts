import { describe, expect, test } from "bun:test";
import clockInSync from "../../../verify/doctor/clock.ts";
import { integrationsHealthy } from "../../../verify/doctor/cloud.ts";
import joinFast from "../../../verify/doctor/join.ts";
import {
  mountDaemonAlive,
  mountKeepsUp,
  mountRootIntact,
  mountStateValid,
} from "../../../verify/doctor/mount.ts";
import { deadLettersEmpty } from "../../../verify/doctor/mount-writes.ts";
import { controlPlaneAnswers, fileApiAnswers, servicesInPlace } from "../../../verify/doctor/services.ts";
import { credentialsFitHosts, targetResolved } from "../../../verify/doctor/target.ts";
import { workspaceReadable } from "../../../verify/doctor/workspace-access.ts";
import {
  covers,
  isUnusablePathScope,
  workspaceTokenKind,
  workspaceTokenScopes,
  workspaceTokenValid,
} from "../../../verify/doctor/workspace-token.ts";
import type { Facts, ProbeFact } from "../../../verify/facts.ts";
import { EMPTY_FACTS, NOON, probe, target, workspaceToken } from "../../support/facts.ts";
import { codesOf, findingsOf, runCheck } from "../../support/run-check.ts";

const service = (over: Partial<Facts["fileApi"]> = {}): Facts["fileApi"] => ({
  ...EMPTY_FACTS.fileApi,
  probe: probe({ status: 404, kind: "html" }),
  ...over,
});

describe("services", () => {
  test("pass when recognised", () => {
    expect(
      runCheck(fileApiAnswers, { fileApi: service({ recognised: true }), target: target() }),
    ).toMatchObject({ exercised: 1, findings: [] });
  });

  test("call an outage undecided and a foreign answer a finding", () => {
    const down = {
      fileApi: service({ probe: probe({ status: null, kind: "none", failure: "connect" }) }),
      target: target(),
    };
    expect(runCheck(fileApiAnswers, down).kind).toBe("unknown");
    expect(codesOf(fileApiAnswers, down)).toEqual(["doctor.file-api-unreachable"]);
    expect(codesOf(fileApiAnswers, { fileApi: service(), target: target() })).toEqual([
      "doctor.file-api-wrong-service",
    ]);
    expect(
      codesOf(controlPlaneAnswers, { controlPlane: service({ service: "control-plane" }), target: target() }),
    ).toEqual(["doctor.cloud-wrong-service"]);
  });

  test("see swapped URLs as one mistake", () => {
    const swapped = {
      fileApi: service({ isOther: true }),
      controlPlane: service({ service: "control-plane", isOther: true }),
    };
    expect(codesOf(servicesInPlace, swapped)).toEqual(["doctor.services-swapped"]);
    const one = {
      fileApi: service({ recognised: true }),
      controlPlane: service({ service: "control-plane" }),
    };
    expect(codesOf(servicesInPlace, one)).toEqual([]);
  });
});

describe("the workspace token", () => {
  const clock = (skewMs: number) => ({ samples: [], skewMs });

  test("is told from other kinds without being sent", () => {
    const cloud = target({ workspaceToken: { ...workspaceToken(), kind: "cloud-access", claims: null } });
    expect(codesOf(workspaceTokenKind, { target: cloud })).toEqual(["doctor.wrong-token-kind"]);
    expect(codesOf(workspaceTokenKind, { target: target() })).toEqual([]);
    expect(runCheck(workspaceTokenKind, { target: target({ workspaceToken: null }) }).kind).toBe("skip");
  });

  test("expires by the server's clock, not by ours", () => {
    const ended = target({ workspaceToken: workspaceToken({ expiresAtSeconds: NOON / 1000 - 60 }) });
    expect(codesOf(workspaceTokenValid, { target: ended })).toEqual(["doctor.workspace-token-expired"]);
    expect(codesOf(workspaceTokenValid, { target: ended, clock: clock(-3_600_000) })).toEqual([]);
    expect(codesOf(workspaceTokenValid, { target: target(), clock: clock(7_200_000) })).toEqual([
      "doctor.workspace-token-expired",
    ]);
  });

  test("must name the workspace; a UUID is only another spelling", () => {
    const other = target({ workspace: { id: "rw_bbbbbbbb", cloudId: null, name: null } });
    expect(codesOf(workspaceTokenValid, { target: other })).toEqual(["doctor.workspace-mismatch"]);
    const uuid = target({
      workspace: { id: "7b0f3f3e-0000-4000-8000-000000000001", cloudId: null, name: null },
    });
    expect(codesOf(workspaceTokenValid, { target: uuid })).toEqual(["doctor.uuid-for-relay-id"]);
  });

  test("needs every scope, however it is spelled", () => {
    expect(codesOf(workspaceTokenScopes, { target: target() })).toEqual([]);
    const few = target({ workspaceToken: workspaceToken({ scopes: ["fs:read", "fs:write"] }) });
    expect(findingsOf(workspaceTokenScopes, { target: few })[0]?.facts?.missing).toEqual([
      "sync:read",
      "sync:trigger",
      "ops:read",
    ]);
    const structured = target({
      workspaceToken: workspaceToken({ scopes: ["relayfile:fs:manage", "relayfile:sync:*", "*:ops:read:*"] }),
    });
    expect(codesOf(workspaceTokenScopes, { target: structured })).toEqual([]);
    expect(covers("relayfile:sync:manage", "sync:trigger")).toBe(false);
    expect(covers("fs:manage", "fs:read")).toBe(false);
  });

  test("may hold path scopes that authorise nothing", () => {
    for (const scope of [
      "relayfile:fs:read:/",
      "relayfile:fs:read:/a/*/b",
      "relayfile:fs:read:a",
      "relayfile:fs:read:/a/",
    ]) {
      expect(isUnusablePathScope(scope)).toBe(true);
    }
    for (const scope of [
      "fs:read",
      "relayfile:fs:read",
      "relayfile:fs:read:*",
      "relayfile:fs:read:/**",
      "relayfile:fs:read:/a/b-*",
    ]) {
      expect(isUnusablePathScope(scope)).toBe(false);
    }
  });
});

describe("the first authenticated read is told apart by status and body", () => {
  const cases: [answer: Partial<ProbeFact>, code: string][] = [
    [{ status: 404, kind: "html" }, "doctor.file-api-not-data-plane"],
    [{ status: 400, message: "missing X-Correlation-Id header" }, "doctor.correlation-stripped"],
    [{ status: 401, message: "missing or invalid bearer token" }, "doctor.authorization-stripped"],
    [{ status: 401, message: "invalid jwt format" }, "doctor.workspace-token-rejected"],
    [{ status: 401, message: "missing jwt kid" }, "doctor.token-foreign-issuer"],
    [{ status: 401, message: "missing workspace claim" }, "doctor.workspace-token-rejected"],
    [{ status: 401, message: "invalid bearer token" }, "doctor.workspace-token-rejected"],
    [{ status: 401, message: "Token has expired" }, "doctor.token-expired-by-server"],
    [{ status: 401, message: "unsupported jwt algorithm" }, "doctor.token-hs256"],
    [{ status: 401, message: "unknown jwt kid" }, "doctor.token-foreign-issuer"],
    [{ status: 401, message: "jwt signature mismatch" }, "doctor.token-foreign-issuer"],
    [{ status: 401, message: "invalid aud claim" }, "doctor.token-other-audience"],
    [{ status: 401, message: "no" }, "doctor.workspace-token-rejected"],
    [{ status: 403, message: "workspace mismatch" }, "doctor.workspace-refused"],
    [{ status: 403, message: "missing required scope: fs:read" }, "doctor.scope-refused"],
    [{ status: 403, message: "access denied by ACL" }, "doctor.acl-denied"],
    [{ status: 404, message: "route not found" }, "doctor.route-not-found"],
    [{ status: 429, retryAfter: "7" }, "doctor.rate-limited"],
    [{ status: 503, message: "jwks unreachable" }, "doctor.jwks-unreachable"],
    [{ status: 502, kind: "text" }, "doctor.file-api-failing"],
    [{ status: null, kind: "none", failure: "timeout" }, "doctor.file-api-failing"],
    [{ status: 200, kind: "invalid-json" }, "doctor.answer-garbled"],
    [{ status: 200, kind: "too-large" }, "doctor.answer-garbled"],
  ];
  for (const [answer, code] of cases) {
    test(`${answer.status} ${answer.message ?? answer.kind ?? ""} is ${code}`, () => {
      const access = { probe: probe(answer), entries: [], totalFiles: null };
      expect(codesOf(workspaceReadable, { access, target: target() })).toEqual([code]);
    });
  }

  test("a prefixed token that the server cannot parse", () => {
    const prefixed = target({ workspaceToken: workspaceToken({ prefixed: true }) });
    const access = {
      probe: probe({ status: 401, message: "invalid jwt header" }),
      entries: [],
      totalFiles: null,
    };
    expect(codesOf(workspaceReadable, { access, target: prefixed })).toEqual([
      "doctor.token-prefix-unsupported",
    ]);
  });

  test("a listing is a pass, a slow one a warning", () => {
    const access = { probe: probe(), entries: [], totalFiles: 0 };
    expect(codesOf(workspaceReadable, { access, target: target() })).toEqual([]);
    const slow = { ...access, probe: probe({ totalMs: 6_000 }) };
    expect(codesOf(workspaceReadable, { access: slow, target: target() })).toEqual(["doctor.file-api-slow"]);
  });
});

describe("integrations", () => {
  const one = (
    status: Record<string, unknown> | null,
    answer: Partial<ProbeFact> = {},
  ): Facts["integrations"] => ({
    list: probe(),
    rows: [{ provider: "jira", status: "ready" }],
    statuses: [
      {
        provider: "jira",
        probe: probe(answer),
        status: status as Facts["integrations"]["statuses"][number]["status"],
      },
    ],
  });
  const cases: [name: string, status: Record<string, unknown> | null, codes: string[]][] = [
    ["ready", { ready: true }, []],
    ["still syncing", { ready: false, state: "syncing" }, []],
    [
      "a lost connection event (cloud#736)",
      { ready: false, connectionMatched: false, currentConnectionId: "c1", oauth: { connected: true } },
      ["doctor.connection-unmatched"],
    ],
    [
      "an unfinished sign-in is not cloud#736",
      { ready: false, connectionMatched: false, currentConnectionId: null, oauth: { connected: false } },
      ["doctor.oauth-pending"],
    ],
    [
      "a sync that was never registered",
      {
        ready: false,
        state: "oauth_connected",
        initialSync: { state: "queued", syncName: null, model: null },
      },
      ["doctor.sync-never-started"],
    ],
    [
      "an error of its own",
      { ready: true, lastError: { message: "cloudId missing" } },
      ["doctor.integration-error"],
    ],
    ["no usable status", null, ["doctor.integration-status-unreadable"]],
  ];
  for (const [name, status, codes] of cases) {
    test(name, () =>
      expect(codesOf(integrationsHealthy, { integrations: one(status), target: target() })).toEqual(codes),
    );
  }

  test("a refused list is the workspace rule, not a lost token", () => {
    const refused = { list: probe({ status: 403 }), rows: null, statuses: [] };
    expect(codesOf(integrationsHealthy, { integrations: refused, target: target() })).toEqual([
      "doctor.integrations-refused",
    ]);
  });
});

describe("the mount", () => {
  const mount = (over: Partial<Facts["mount"]> = {}): Facts["mount"] => ({
    ...EMPTY_FACTS.mount,
    root: "directory",
    ...over,
  });
  const state = (value: Record<string, unknown>): Facts["mount"]["state"] => ({
    status: "ok",
    problem: null,
    modifiedAtMs: NOON,
    value: { failedWritebacks: 0, ...value },
  });

  test("has a directory as its root (relayfile#164)", () => {
    expect(codesOf(mountRootIntact, { mount: mount() })).toEqual([]);
    expect(codesOf(mountRootIntact, { mount: mount({ root: "missing" }) })).toEqual([
      "doctor.mount-root-missing",
    ]);
    expect(codesOf(mountRootIntact, { mount: mount({ root: "file" }) })).toEqual([
      "doctor.mount-root-clobbered",
    ]);
  });

  test("has a state file of this workspace", () => {
    expect(
      codesOf(mountStateValid, {
        mount: mount({ state: state({ workspaceId: "rw_aaaaaaaa" }) }),
        target: target(),
      }),
    ).toEqual([]);
    expect(
      codesOf(mountStateValid, {
        mount: mount({ state: state({ workspaceId: "rw_zzzzzzzz" }) }),
        target: target(),
      }),
    ).toEqual(["doctor.mount-other-workspace"]);
    const damaged = mount({
      state: { status: "invalid", problem: "not JSON", modifiedAtMs: null, value: null },
    });
    expect(codesOf(mountStateValid, { mount: damaged, target: target() })).toEqual([
      "doctor.mount-state-invalid",
    ]);
  });

  test("has a daemon that lives, and is the one recorded", () => {
    expect(runCheck(mountDaemonAlive, { mount: mount() }).kind).toBe("skip");
    const dead = mount({ pid: { record: { pid: 7 }, alive: false, executable: null } });
    expect(codesOf(mountDaemonAlive, { mount: dead })).toEqual(["doctor.mount-daemon-dead"]);
    const reused = mount({ pid: { record: { pid: 7, executable: "/a" }, alive: true, executable: "/b" } });
    expect(codesOf(mountDaemonAlive, { mount: reused })).toEqual(["doctor.mount-pid-reused"]);
  });

  test("keeps up: lag only while the daemon lives, breaker, old deletes", () => {
    const late = state({ lastSuccessfulReconcileAt: "2026-05-20T11:50:00.000Z" });
    const alive = { record: { pid: 7 }, alive: true, executable: null };
    expect(codesOf(mountKeepsUp, { mount: mount({ state: late }) })).toEqual([]);
    expect(findingsOf(mountKeepsUp, { mount: mount({ state: late, pid: alive }) })[0]?.severity).toBe(
      "error",
    );
    expect(codesOf(mountKeepsUp, { mount: mount({ state: state({ circuit: { open: true } }) }) })).toEqual([
      "doctor.circuit-open",
    ]);
    const old = mount({ state: state({}), pendingDeletes: { count: 2, oldestAt: "2026-05-18T00:00:00Z" } });
    expect(codesOf(mountKeepsUp, { mount: old })).toEqual(["doctor.pending-deletes-old"]);
  });

  test("is healthy without dead letters, whatever the lifetime counter says (relayfile#84)", () => {
    expect(codesOf(deadLettersEmpty, { deadLetters: EMPTY_FACTS.deadLetters })).toEqual([]);
    const some = {
      dir: "/m",
      records: [{ opId: "op_1", path: "/jira/issues/a__1.json", attempts: 1, lastStatus: 400 }],
      malformed: [{ file: "op_2.json", reason: "not JSON" }],
    };
    expect(codesOf(deadLettersEmpty, { deadLetters: some })).toEqual([
      "doctor.dead-letter-present",
      "doctor.dead-letter-malformed",
    ]);
  });
});

describe("joinFast", () => {
  const timed = (totalMs: number, othersMs: number, over: Partial<ProbeFact> = {}) => ({
    join: { probe: probe({ method: "POST", totalMs, ...over }), othersMs, others: [] },
    target: target(),
  });

  test("tells a slow join (cloud#766) from a slow network and from a refusal", () => {
    expect(codesOf(joinFast, timed(800, 2))).toEqual([]);
    expect(codesOf(joinFast, timed(20_000, 40))).toEqual(["doctor.join-slow"]);
    expect(codesOf(joinFast, timed(120_000, 40, { status: null, kind: "none", failure: "timeout" }))).toEqual(
      ["doctor.join-slow"],
    );
    expect(codesOf(joinFast, timed(20_000, 4_000))).toEqual(["doctor.network-slow"]);
    expect(codesOf(joinFast, timed(5_000, 900))).toEqual([]);
    expect(codesOf(joinFast, timed(10, 2, { status: 404 }))).toEqual(["doctor.join-refused"]);
    expect(runCheck(joinFast, timed(10, 2, { status: 502 })).kind).toBe("unknown");
  });
});

describe("clock and target", () => {
  test("clockInSync allows a minute", () => {
    const at = (skewMs: number) => ({
      clock: { samples: [{ service: "file-api" as const, skewMs, roundTripMs: 3, exchangeId: "x" }], skewMs },
    });
    expect(codesOf(clockInSync, at(59_000))).toEqual([]);
    expect(codesOf(clockInSync, at(-61_000))).toEqual(["doctor.clock-skewed"]);
    expect(runCheck(clockInSync, at(0))).toMatchObject({
      reason: expect.stringContaining("the clocks agree"),
    });
    expect(runCheck(clockInSync, at(-5_000))).toMatchObject({ reason: "the clocks differ by about 5 s" });
  });

  test("targetResolved reports only what something refers to", () => {
    expect(codesOf(targetResolved, { target: target() })).toEqual([]);
    const nothing = target({ workspace: null, workspaceToken: null });
    expect(codesOf(targetResolved, { target: nothing })).toEqual(["doctor.nothing-configured"]);
    const missing = target({
      problems: [{ part: "workspaceToken", code: "invalid_input", message: "no file", hint: "fix it" }],
    });
    expect(codesOf(targetResolved, { target: missing })).toEqual(["doctor.credential-unusable"]);
  });

  test("credentialsFitHosts names a token of another host", () => {
    const elsewhere = target({
      boundElsewhere: [{ kind: "workspace", source: "f", server: "https://a", url: "https://b" }],
    });
    expect(codesOf(credentialsFitHosts, { target: elsewhere })).toEqual(["doctor.credential-host-mismatch"]);
  });
});
