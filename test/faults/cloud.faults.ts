/** What the control plane says about integrations, joining and refreshing. */
import { faultsOf } from "./fault.ts";
import type { Bench } from "./lab.ts";
import { ANSWERS, controlPlane, refusal, route } from "./proxy.ts";

/** Changes the status of one provider's integration on its way to the client. */
const status = (provider: string, change: Record<string, unknown>) => (bench: Bench) =>
  void bench.proxy.rules.push({
    when: route(`/integrations/${provider}/status`),
    json: (body: Record<string, unknown>) => ({ ...body, ...change }),
  });

/** Integrations. */
export const integrationFaults = faultsOf(
  "cloud",
  { needs: ["control-plane", "token", "file-api", "workspace-reads"] },
  [
    {
      id: "connection-never-ingested",
      refs: ["symptom:44", "DR-09", "cloud#736"],
      inject: status("jira", {
        ready: false,
        connectionMatched: false,
        currentConnectionId: "conn_new",
        state: "pending",
      }),
      expect: { root: "doctor.connection-unmatched", exit: 1, knownIssue: "cloud#736" },
      never: ["doctor.oauth-pending", "doctor.sync-never-started"],
    },
    {
      id: "oauth-not-finished",
      refs: ["symptom:44"],
      inject: status("jira", {
        ready: false,
        state: "pending",
        connectionMatched: false,
        currentConnectionId: null,
        oauth: { connected: false },
      }),
      expect: { root: "doctor.oauth-pending", exit: 0, knownIssue: null },
      never: ["doctor.connection-unmatched"],
    },
    {
      id: "sync-never-registered",
      refs: ["symptom:47", "DR-11"],
      inject: status("linear", {
        ready: false,
        state: "sync_queued",
        initialSync: { state: "queued", syncName: null, model: null },
      }),
      expect: { root: "doctor.sync-never-started", exit: 1 },
      never: ["doctor.connection-unmatched", "doctor.oauth-pending"],
    },
    {
      id: "integration-in-error",
      refs: ["DR-08"],
      inject: status("linear", { ready: false, state: "error", lastError: "the provider revoked the grant" }),
      expect: { root: "doctor.integration-error", exit: 1 },
    },
    {
      id: "integration-status-500",
      refs: ["DR-08"],
      inject: (bench) =>
        void bench.proxy.rules.push({
          when: route("/integrations/jira/status"),
          answer: () => refusal(500, "internal_error", "broken"),
        }),
      expect: { root: "doctor.integration-status-unreadable", exit: 3 },
    },
    {
      id: "integrations-refused",
      refs: ["symptom:22"],
      inject: (bench) =>
        void bench.proxy.rules.push({
          when: (url) =>
            controlPlane(url) && url.pathname.includes("/integrations") && !url.pathname.includes("catalog"),
          answer: () => refusal(403, "forbidden", "workspace mismatch"),
        }),
      expect: { root: "doctor.integrations-refused", exit: 4 },
      never: ["doctor.workspace-refused", "doctor.workspace-token-rejected"],
    },
    {
      id: "cloud-authorization-header-stripped",
      inject: (bench) =>
        void bench.proxy.rules.push({
          when: controlPlane,
          request: (headers) => headers.delete("authorization"),
        }),
      needs: ["control-plane", "cloud-token", "token", "file-api", "workspace-reads"],
      breaks: ["control-plane", "cloud-token"],
      expect: { root: "doctor.cloud-authorization-stripped", exit: 1 },
      never: ["doctor.cloud-session-expired", "doctor.cloud-session-shared"],
    },
  ],
);

/** What integrations and the catalog say beyond "ready", and whether the workspace is known. */
export const connectionFaults = faultsOf(
  "cloud",
  { needs: ["control-plane", "token", "file-api", "workspace-reads"] },
  [
    {
      id: "connect-link-ran-out",
      refs: ["symptom:45"],
      inject: status("jira", {
        ready: false,
        state: "pending",
        currentConnectionId: null,
        oauth: { connected: false },
        expiresAt: "2026-01-01T00:00:00.000Z",
      }),
      expect: { root: "doctor.connect-link-expired", exit: 0, also: ["doctor.oauth-pending"] },
      never: ["doctor.connection-unmatched"],
    },
    {
      id: "provider-left-the-catalog",
      refs: ["symptom:46"],
      inject: (bench) =>
        void bench.proxy.rules.push({
          when: route("/catalog"),
          json: (body: { providers: { id: string }[] }) => ({
            ...body,
            providers: body.providers.filter(({ id }) => id !== "jira"),
          }),
        }),
      expect: { root: "doctor.catalog-lacks-provider", exit: 0 },
    },
    {
      id: "atlassian-site-not-chosen",
      refs: ["symptom:49", "DR-10"],
      inject: status("jira", {
        ready: false,
        state: "error",
        lastError: "several sites: cloudId is required",
      }),
      expect: { root: "doctor.atlassian-site-unset", exit: 1 },
      never: ["doctor.connection-unmatched", "doctor.oauth-pending"],
    },
    {
      id: "workspace-unknown-to-this-identity",
      refs: ["symptom:23"],
      needs: ["control-plane", "cloud-token", "token"],
      inject: (bench) =>
        void bench.proxy.rules.push({
          when: route("/resolve"),
          answer: () => refusal(404, "workspace_not_found", "no such workspace"),
        }),
      expect: { root: "doctor.workspace-no-access", exit: 1 },
    },
  ],
);

/** Joining, timed beside other calls. */
export const joinFaults = faultsOf(
  "cloud",
  { needs: ["control-plane", "cloud-token"], ask: { what: "doctor", args: { deep: true } } },
  [
    {
      id: "join-slow",
      refs: ["symptom:37", "DR-05", "cloud#766"],
      leaps: true,
      inject: (bench) => void bench.proxy.rules.push({ when: route("/join"), delayMs: 16_000 }),
      expect: { root: "doctor.join-slow", exit: 0, knownIssue: "cloud#766" },
      never: ["doctor.network-slow", "doctor.control-plane-unreachable"],
    },
    {
      id: "everything-slow",
      refs: ["symptom:38"],
      leaps: true,
      inject: (bench) =>
        void bench.proxy.rules.push(
          { when: route("/join"), delayMs: 5_000 },
          { when: route("/catalog"), delayMs: 4_000 },
        ),
      expect: { root: "doctor.network-slow", exit: 0, knownIssue: null },
      never: ["doctor.join-slow"],
    },
    {
      id: "first-join-wakes-the-service",
      refs: ["symptom:39"],
      inject: (bench) => {
        let asked = 0;
        bench.proxy.rules.push({
          when: route("/join"),
          response: (answer) => (asked++ === 0 ? refusal(500, "internal_error", "starting") : answer),
        });
      },
      expect: { root: null, notes: ["doctor.cold-start"], exit: 0 },
      never: ["doctor.join-slow", "doctor.join-refused"],
    },
    {
      id: "join-refused",
      refs: ["symptom:23"],
      inject: (bench) =>
        void bench.proxy.rules.push({
          when: route("/join"),
          answer: () => refusal(404, "workspace_not_found", "no such workspace"),
        }),
      expect: { root: "doctor.join-refused", exit: 4 },
    },
  ],
);

/** Changes the refresh report. */
const refreshed =
  (change: (row: Record<string, unknown>) => Record<string, unknown> | null) => (bench: Bench) =>
    void bench.proxy.rules.push({
      when: route("/sync/refresh"),
      json: (body: { refreshed: Record<string, unknown>[] }) => ({
        ...body,
        refreshed: body.refreshed.flatMap((row) => (row.provider === "jira" ? (change(row) ?? []) : row)),
      }),
    });

/** Refreshing discovery. */
export const refreshFaults = faultsOf(
  "cloud",
  { needs: ["control-plane", "token", "file-api", "workspace-reads"], ask: { what: "discovery" } },
  [
    {
      id: "refresh-route-missing",
      breaks: ["refresh"],
      refs: ["symptom:43"],
      inject: (bench) =>
        void bench.proxy.rules.push({
          when: route("/sync/refresh"),
          answer: () => refusal(404, "not_found", "route not found"),
        }),
      expect: { root: "discovery.refresh-not-deployed", exit: 0 },
      never: ["discovery.refresh-failed", "discovery.refresh-refused"],
    },
    {
      id: "refresh-500",
      breaks: ["refresh"],
      refs: ["VD-09"],
      inject: (bench) =>
        void bench.proxy.rules.push({
          when: route("/sync/refresh"),
          answer: () => refusal(500, "internal_error", "broken"),
        }),
      expect: { root: "discovery.refresh-failed", exit: 3 },
      never: ["discovery.refresh-not-deployed"],
    },
    {
      id: "refresh-never-answers",
      breaks: ["refresh"],
      refs: ["symptom:40"],
      leaps: true,
      inject: (bench) => void bench.proxy.rules.push({ when: route("/sync/refresh"), answer: ANSWERS.drip }),
      expect: { root: "discovery.refresh-failed", exit: 3 },
    },
    {
      id: "refresh-refused",
      breaks: ["refresh"],
      refs: ["VD-09"],
      inject: (bench) =>
        void bench.proxy.rules.push({
          when: route("/sync/refresh"),
          answer: () => refusal(403, "forbidden", "workspace mismatch"),
        }),
      expect: { root: "discovery.refresh-refused", exit: 4 },
      never: ["discovery.refresh-failed"],
    },
    {
      id: "refresh-leaves-provider-out",
      refs: ["VD-09"],
      inject: refreshed(() => null),
      expect: { root: "discovery.refresh-left-out", exit: 1, knownIssue: "cloud#756" },
    },
    {
      id: "refresh-fails-for-one-provider",
      refs: ["VD-09", "cloud#756"],
      inject: refreshed((row) => ({ ...row, errors: 2, discoveryBackfilled: false })),
      expect: { root: "discovery.refresh-partial", exit: 1, knownIssue: "cloud#756" },
    },
    {
      id: "refresh-times-out-for-one-provider",
      refs: ["symptom:40"],
      inject: refreshed((row) => ({ ...row, errors: 1, timedOut: true })),
      expect: { root: "discovery.refresh-partial", exit: 1, knownIssue: "cloud#756" },
    },
  ],
);

/** All of them. */
export default [...integrationFaults, ...connectionFaults, ...joinFaults, ...refreshFaults];
