/** Servers that are down, wrong, broken or slow, met through the misbehaving proxy. */
import { faultsOf } from "./fault.ts";
import type { Bench } from "./lab.ts";
import {
  ANSWERS,
  controlPlane,
  cutOffServer,
  fileApi,
  type Mischief,
  refusal,
  route,
  workspaceRoutes,
} from "./proxy.ts";

const rule = (mischief: Mischief) => (bench: Bench) => void bench.proxy.rules.push(mischief);
/** A port where nobody listens. */
const NOBODY = "http://127.0.0.1:9";
const rootListing = (url: URL) => url.pathname.endsWith("/fs/tree") && url.searchParams.get("path") === "/";

/** Everything behind the file API is out of sight. */
const FILE_API_GONE = ["file-api", "token", "workspace-reads", "ops", "time"] as const;
const READS_GONE = ["token", "workspace-reads", "ops"] as const;
const NO_TOKEN_BLAMED = [
  "doctor.workspace-token-rejected",
  "doctor.workspace-token-expired",
  "doctor.workspace-refused",
  "doctor.scope-refused",
] as const;

/** The file API as a whole. */
export const fileApiFaults = faultsOf("services", { breaks: FILE_API_GONE, never: NO_TOKEN_BLAMED }, [
  {
    id: "file-api-down",
    refs: ["DR-07"],
    inject: (bench) => bench.move({ fileApi: NOBODY }),
    expect: { root: "doctor.file-api-unreachable", exit: 3 },
    never: [...NO_TOKEN_BLAMED, "doctor.file-api-wrong-service"],
  },
  {
    id: "file-api-500",
    refs: ["DR-07"],
    inject: rule({ when: fileApi, answer: () => refusal(500, "internal_error", "broken") }),
    expect: { root: "doctor.file-api-unreachable", exit: 3 },
    never: [...NO_TOKEN_BLAMED, "doctor.file-api-wrong-service"],
  },
  {
    id: "file-api-cut-off",
    refs: ["DR-07"],
    inject: (bench) => {
      const server = cutOffServer();
      bench.onEnd(() => server.stop());
      bench.move({ fileApi: server.url });
    },
    expect: { root: "doctor.file-api-unreachable", exit: 3 },
  },
  {
    id: "file-api-one-byte-at-a-time",
    refs: ["DR-07"],
    leaps: true,
    inject: rule({ when: fileApi, answer: ANSWERS.drip }),
    expect: { root: "doctor.file-api-unreachable", exit: 3 },
  },
  {
    id: "file-api-html",
    refs: ["symptom:17"],
    inject: rule({ when: fileApi, answer: ANSWERS.html }),
    expect: { root: "doctor.file-api-wrong-service", exit: 1 },
    never: [...NO_TOKEN_BLAMED, "doctor.file-api-unreachable", "doctor.services-swapped"],
  },
  {
    id: "file-api-half-json",
    inject: rule({ when: fileApi, answer: ANSWERS.halfJson }),
    expect: { root: "doctor.file-api-wrong-service", exit: 1 },
  },
  {
    id: "file-api-wrong-shape",
    inject: rule({ when: fileApi, answer: ANSWERS.wrongShape }),
    expect: { root: "doctor.file-api-wrong-service", exit: 1 },
  },
  {
    id: "file-api-wrong-content-type",
    inject: rule({ when: fileApi, answer: ANSWERS.plainText }),
    expect: { root: "doctor.file-api-wrong-service", exit: 1 },
  },
  {
    id: "file-api-invalid-utf8",
    inject: rule({ when: fileApi, answer: ANSWERS.invalidUtf8 }),
    expect: { root: "doctor.file-api-wrong-service", exit: 1 },
  },
  {
    id: "file-api-nine-megabytes",
    inject: rule({ when: fileApi, answer: ANSWERS.huge }),
    expect: { root: "doctor.file-api-wrong-service", exit: 1 },
  },
  {
    id: "file-api-redirects-to-sign-in",
    inject: rule({ when: fileApi, answer: ANSWERS.redirect }),
    expect: { root: "doctor.file-api-wrong-service", exit: 1 },
  },
  {
    id: "file-api-url-is-cloud",
    refs: ["symptom:17", "symptom:19"],
    inject: (bench) => bench.set("RELAYFILE_BASE_URL", bench.proxy.controlPlaneUrl),
    expect: { root: "doctor.file-api-wrong-service", exit: 1 },
    never: [...NO_TOKEN_BLAMED, "doctor.services-swapped"],
  },
  {
    id: "urls-swapped",
    refs: ["symptom:17", "DR-06"],
    breaks: ["file-api", "token", "workspace-reads", "ops", "time", "control-plane", "cloud-token"],
    inject: (bench) => {
      bench.set("RELAYFILE_BASE_URL", bench.proxy.controlPlaneUrl);
      bench.set("RELAYFILE_CLOUD_API_URL", bench.proxy.fileApiUrl);
    },
    expect: { root: "doctor.services-swapped", exit: 1 },
  },
]);

/** Both services at once. */
export const networkFaults = faultsOf(
  "services",
  {
    breaks: [...FILE_API_GONE, "control-plane", "cloud-token"],
    never: [...NO_TOKEN_BLAMED, "doctor.services-swapped"],
  },
  [
    {
      id: "server-not-running",
      refs: ["DR-07"],
      inject: (bench) => bench.move({ fileApi: NOBODY, controlPlane: `${NOBODY}/cloud` }),
      expect: { root: "doctor.server-not-running", exit: 3 },
    },
    {
      id: "one-host-is-neither-service",
      refs: ["symptom:17"],
      inject: rule({ when: () => true, answer: ANSWERS.html }),
      expect: { root: "doctor.file-api-wrong-service", exit: 1 },
    },
    {
      id: "two-hosts-refuse",
      refs: ["symptom:38"],
      inject: (bench) => bench.move({ fileApi: NOBODY, controlPlane: "http://127.0.0.2:9/cloud" }),
      expect: { root: "doctor.network-unreachable", exit: 3 },
      never: [...NO_TOKEN_BLAMED, "doctor.server-not-running"],
    },
    {
      id: "names-do-not-resolve",
      refs: ["symptom:38"],
      inject: (bench) =>
        bench.move({
          fileApi: "http://files.nowhere.invalid",
          controlPlane: "http://cloud.nowhere.invalid/cloud",
        }),
      expect: { root: "doctor.network-unreachable", exit: 3 },
    },
  ],
);

/** The file API answers, but not on the routes of the workspace. */
export const workspaceRouteFaults = faultsOf(
  "services",
  { needs: ["file-api", "token"], breaks: READS_GONE, never: NO_TOKEN_BLAMED },
  [
    {
      id: "listing-500",
      refs: ["DR-03"],
      inject: rule({
        when: workspaceRoutes,
        answer: () => refusal(500, "internal_error", "database is locked"),
      }),
      expect: { root: "doctor.file-api-failing", exit: 3 },
    },
    {
      id: "listing-silent",
      leaps: true,
      inject: rule({ when: workspaceRoutes, answer: ANSWERS.drip }),
      expect: { root: "doctor.file-api-failing", exit: 3 },
    },
    {
      id: "jwks-down",
      refs: ["symptom:30"],
      inject: rule({ when: workspaceRoutes, answer: () => refusal(503, "unavailable", "jwks unreachable") }),
      expect: { root: "doctor.jwks-unreachable", exit: 3 },
    },
    {
      id: "listing-429",
      refs: ["symptom:41"],
      leaps: true,
      inject: rule({
        when: workspaceRoutes,
        answer: () => refusal(429, "rate_limited", "slow down", { "retry-after": "7" }),
      }),
      expect: { root: "doctor.rate-limited", exit: 3 },
      never: [...NO_TOKEN_BLAMED, "doctor.file-api-failing"],
    },
    {
      id: "listing-html",
      refs: ["symptom:17"],
      inject: rule({ when: workspaceRoutes, answer: ANSWERS.html }),
      expect: { root: "doctor.file-api-not-data-plane", exit: 1 },
    },
    {
      id: "listing-route-unknown",
      refs: ["symptom:43"],
      inject: rule({ when: workspaceRoutes, answer: () => refusal(404, "not_found", "route not found") }),
      expect: { root: "doctor.route-not-found", exit: 1 },
    },
    {
      id: "listing-half-json",
      inject: rule({ when: workspaceRoutes, answer: ANSWERS.halfJson }),
      expect: { root: "doctor.answer-garbled", exit: 1 },
    },
    {
      id: "listing-error-inside-200",
      inject: rule({ when: workspaceRoutes, answer: ANSWERS.errorInside }),
      expect: { root: "doctor.answer-garbled", exit: 1 },
    },
    {
      id: "listing-nine-megabytes",
      inject: rule({ when: rootListing, answer: ANSWERS.huge }),
      expect: { root: "doctor.answer-garbled", exit: 1 },
    },
    {
      id: "correlation-header-stripped",
      refs: ["symptom:35"],
      inject: rule({ when: workspaceRoutes, request: (headers) => headers.delete("x-correlation-id") }),
      expect: { root: "doctor.correlation-stripped", exit: 1 },
    },
    {
      id: "authorization-header-stripped",
      inject: rule({ when: workspaceRoutes, request: (headers) => headers.delete("authorization") }),
      expect: { root: "doctor.authorization-stripped", exit: 1 },
      never: [...NO_TOKEN_BLAMED, "doctor.cloud-authorization-stripped"],
    },
    {
      id: "authorization-header-replaced-by-basic",
      inject: rule({
        when: () => true,
        request: (headers) => {
          if (headers.has("authorization")) headers.set("authorization", "Basic cHJveHk6cHJveHk=");
        },
      }),
      breaks: [...READS_GONE, "control-plane", "cloud-token"],
      expect: {
        root: "doctor.authorization-stripped",
        notes: ["doctor.cloud-authorization-stripped"],
        exit: 1,
      },
      never: [...NO_TOKEN_BLAMED, "doctor.cloud-session-expired", "doctor.cloud-session-shared"],
    },
    {
      id: "listing-slow",
      refs: ["symptom:38"],
      breaks: [],
      leaps: true,
      inject: rule({ when: rootListing, delayMs: 6_000 }),
      expect: { root: "doctor.file-api-slow", exit: 0 },
      never: ["doctor.file-api-failing"],
    },
    {
      id: "server-says-workspace-mismatch",
      refs: ["symptom:20", "symptom:22"],
      inject: rule({ when: workspaceRoutes, answer: () => refusal(403, "forbidden", "workspace mismatch") }),
      expect: { root: "doctor.workspace-refused", exit: 4 },
      never: ["doctor.workspace-token-rejected", "doctor.scope-refused"],
    },
    {
      id: "acl-denies-root",
      refs: ["symptom:34"],
      inject: rule({
        when: (url) => url.pathname.includes("/fs/"),
        answer: () => refusal(403, "forbidden", "denied by ACL at /"),
      }),
      expect: { root: "doctor.acl-denied", exit: 4 },
    },
  ],
);

/** Reading files works; another route of the file API does not. */
export const sideRouteFaults = faultsOf(
  "services",
  { needs: ["file-api", "token", "workspace-reads"], breaks: ["ops"], never: NO_TOKEN_BLAMED },
  [
    {
      id: "sync-status-500",
      inject: rule({ when: route("/sync/status"), answer: () => refusal(500, "internal_error", "broken") }),
      expect: { root: "doctor.route-failing", exit: 3 },
    },
    {
      id: "ops-html",
      inject: rule({ when: route("/ops"), answer: ANSWERS.html }),
      expect: { root: "doctor.route-failing", exit: 3 },
    },
    {
      id: "ops-403",
      refs: ["symptom:31"],
      // A token that lacks the scope explains the refusal.
      needs: ["file-api", "token", "workspace-reads", "ops"],
      inject: rule({
        when: route("/ops"),
        answer: () => refusal(403, "forbidden", "missing required scope: ops:read"),
      }),
      expect: { root: "doctor.route-refused", exit: 4 },
    },
    {
      id: "ingress-route-unknown",
      refs: ["symptom:43"],
      breaks: [],
      inject: rule({
        when: route("/sync/ingress"),
        answer: () => refusal(404, "not_found", "route not found"),
      }),
      expect: { root: null, notes: ["doctor.route-not-deployed"], exit: 0 },
      never: ["doctor.route-not-found"],
    },
    {
      id: "provider-queue-lags",
      refs: ["symptom:50", "DR-28"],
      breaks: [],
      inject: rule({
        when: route("/sync/status"),
        json: (body: { providers: Record<string, unknown>[] }) => ({
          ...body,
          providers: body.providers.map((row) =>
            row.provider === "jira" ? { ...row, status: "lagging", lagSeconds: 900 } : row,
          ),
        }),
      }),
      expect: { root: "doctor.sync-lagging", exit: 0 },
      never: ["doctor.sync-provider-error"],
    },
  ],
);

/** The control plane; the file API stays judged. */
export const controlPlaneFaults = faultsOf(
  "services",
  {
    breaks: ["control-plane", "cloud-token"],
    never: ["doctor.cloud-session-expired", "doctor.file-api-unreachable"],
  },
  [
    {
      id: "control-plane-down",
      refs: ["DR-07"],
      inject: (bench) => bench.move({ controlPlane: NOBODY }),
      expect: { root: "doctor.control-plane-unreachable", exit: 3, knownIssue: null },
    },
    {
      id: "control-plane-lacks-a-module",
      refs: ["cloud#762"],
      inject: rule({
        when: controlPlane,
        answer: () => refusal(500, "internal_error", 'Error: No such module "pg"'),
      }),
      expect: { root: "doctor.control-plane-unreachable", exit: 3, knownIssue: "cloud#762" },
    },
    {
      id: "control-plane-503",
      inject: rule({ when: controlPlane, answer: () => refusal(503, "unavailable", "starting") }),
      expect: { root: "doctor.control-plane-unreachable", exit: 3, knownIssue: null },
    },
    {
      id: "control-plane-html",
      refs: ["symptom:17"],
      inject: rule({ when: controlPlane, answer: ANSWERS.html }),
      expect: { root: "doctor.cloud-wrong-service", exit: 1 },
    },
    {
      id: "control-plane-half-json",
      inject: rule({ when: controlPlane, answer: ANSWERS.halfJson }),
      expect: { root: "doctor.cloud-wrong-service", exit: 1 },
    },
    {
      id: "cloud-path-lost",
      refs: ["symptom:17"],
      inject: (bench) => bench.set("RELAYFILE_CLOUD_API_URL", bench.proxy.fileApiUrl),
      expect: { root: "doctor.cloud-wrong-service", exit: 1 },
      never: ["doctor.services-swapped", "doctor.control-plane-unreachable"],
    },
  ],
);

/** All of them. */
export default [
  ...fileApiFaults,
  ...networkFaults,
  ...workspaceRouteFaults,
  ...sideRouteFaults,
  ...controlPlaneFaults,
];
