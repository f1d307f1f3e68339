/** Workspace tokens that are of the wrong kind, expired, foreign, too narrow or mangled. */

import { faultsOf } from "./fault.ts";
import type { Bench } from "./lab.ts";
import { SCOPES } from "./lab.ts";
import { refusal, workspaceRoutes } from "./proxy.ts";

/** Puts a token in the user's credential file. */
const holds = (make: (bench: Bench) => string | Promise<string>) => async (bench: Bench) =>
  bench.workspaceFile({ token: await make(bench) });

/** A token with other claims or header; its signature no longer fits. */
function reworked(token: string, part: 0 | 1, change: Record<string, unknown>): string {
  const parts = token.split(".");
  const value = JSON.parse(Buffer.from(parts[part] ?? "", "base64url").toString()) as object;
  parts[part] = Buffer.from(JSON.stringify({ ...value, ...change })).toString("base64url");
  return parts.join(".");
}

const says401 = (message: string) => (bench: Bench) =>
  void bench.proxy.rules.push({
    when: workspaceRoutes,
    answer: () => refusal(401, "unauthorized", message),
  });

/** What the token opens is out of sight, the control plane's view included. */
export default faultsOf(
  "tokens",
  {
    needs: ["file-api", "token"],
    breaks: ["token", "workspace-reads", "ops"],
    never: ["doctor.file-api-unreachable", "doctor.cloud-session-expired"],
  },
  [
    {
      id: "token-expired",
      refs: ["symptom:16", "DR-01"],
      inject: holds((bench) => bench.stack.mint(SCOPES, { lifetimeMs: -90_000 })),
      expect: { root: "doctor.workspace-token-expired", exit: 4, knownIssue: "relayfile#137" },
      never: ["doctor.clock-skewed", "doctor.workspace-token-rejected", "doctor.cloud-session-expired"],
    },
    {
      id: "token-is-cloud-access",
      refs: ["symptom:15", "DR-06"],
      inject: holds(async ({ stack }) => (await stack.cloudSession()).accessToken),
      expect: { root: "doctor.wrong-token-kind", exit: 4 },
      never: ["doctor.workspace-token-rejected", "doctor.workspace-token-expired"],
    },
    {
      id: "token-is-cloud-refresh",
      refs: ["symptom:15"],
      inject: holds(async ({ stack }) => (await stack.cloudSession()).refreshToken),
      expect: { root: "doctor.wrong-token-kind", exit: 4 },
    },
    {
      id: "token-is-messaging-key",
      refs: ["symptom:9"],
      inject: holds(() => "rk_live_0123456789abcdef0123456789abcdef"),
      expect: { root: "doctor.wrong-token-kind", exit: 4 },
    },
    {
      id: "token-cut-in-copying",
      inject: holds(({ token }) => `${token.split(".")[0]}.eyJhYmM.${token.split(".")[2]}`),
      expect: { root: "doctor.workspace-token-unreadable", exit: 4 },
    },
    {
      id: "token-of-another-workspace",
      refs: ["symptom:21"],
      inject: async (bench) => {
        bench.workspaceFile({ token: await bench.stack.mint(SCOPES, { workspaceId: "rw_zzzzzzzz" }) });
        bench.set("RELAYFILE_WORKSPACE", bench.stack.workspaceName);
      },
      expect: { root: "doctor.workspace-mismatch", exit: 4 },
      never: ["doctor.workspace-token-expired", "doctor.uuid-for-relay-id"],
    },
    {
      id: "token-of-a-workspace-nobody-has",
      refs: ["symptom:23"],
      // The mirror that is registered belongs to another workspace, so nobody looks at it.
      breaks: ["token", "workspace-reads", "ops", "mirror"],
      inject: holds(({ stack }) => stack.mint(SCOPES, { workspaceId: "rw_zzzzzzzz" })),
      expect: { root: "doctor.workspace-not-found", exit: 1 },
      never: ["doctor.route-not-found", "doctor.workspace-token-rejected"],
    },
    {
      id: "token-from-before-the-issuer-restarted",
      refs: ["symptom:28"],
      inject: holds(({ token }) => reworked(token, 1, { jti: "another" })),
      expect: { root: "doctor.issuer-restarted", exit: 4 },
      never: ["doctor.workspace-token-expired"],
    },
    {
      id: "token-of-unknown-key",
      refs: ["symptom:28"],
      inject: holds(({ token }) => reworked(token, 0, { kid: "key-of-last-week" })),
      expect: { root: "doctor.token-foreign-issuer", exit: 4 },
      never: ["doctor.issuer-restarted"],
    },
    {
      id: "token-hs256",
      refs: ["symptom:27"],
      inject: holds(({ token }) => reworked(token, 0, { alg: "HS256" })),
      expect: { root: "doctor.token-hs256", exit: 4 },
    },
    {
      id: "token-refused-without-a-reason",
      refs: ["symptom:9"],
      inject: says401("invalid bearer token"),
      expect: { root: "doctor.workspace-token-rejected", exit: 4 },
      never: ["doctor.authorization-stripped"],
    },
    {
      id: "token-prefix-not-stripped",
      refs: ["symptom:26"],
      inject: async (bench) => {
        bench.workspaceFile({ token: `relay_ws_${bench.token}` });
        says401("invalid jwt header")(bench);
      },
      expect: { root: "doctor.token-prefix-unsupported", exit: 4 },
      never: ["doctor.workspace-token-unreadable"],
    },
    {
      id: "token-of-another-audience",
      inject: says401("invalid aud claim"),
      expect: { root: "doctor.token-other-audience", exit: 4 },
    },
    {
      id: "issuer-and-server-disagree-on-time",
      inject: says401("token expired"),
      expect: { root: "doctor.token-expired-by-server", exit: 4 },
      never: ["doctor.workspace-token-expired", "doctor.clock-skewed"],
    },
    {
      id: "token-without-scopes-for-sync",
      refs: ["symptom:31", "DR-02"],
      breaks: ["ops"],
      inject: holds(({ stack }) => stack.mint(["fs:read", "fs:write"])),
      expect: { root: "doctor.scope-missing", exit: 4 },
      never: ["doctor.workspace-token-rejected", "doctor.workspace-refused"],
    },
    {
      id: "token-without-ops-read",
      refs: ["symptom:31"],
      breaks: ["ops"],
      inject: holds(({ stack }) => stack.mint(SCOPES.filter((scope) => !scope.startsWith("ops:")))),
      expect: { root: "doctor.scope-missing", exit: 4 },
    },
    {
      id: "token-without-fs-read",
      refs: ["symptom:31", "DR-02"],
      inject: holds(({ stack }) => stack.mint(["sync:read", "sync:trigger", "ops:read", "fs:write"])),
      expect: { root: "doctor.scope-missing", exit: 4 },
    },
    {
      id: "scope-with-star-in-the-middle",
      refs: ["DR-25", "cloud#2702"],
      // No issuer signs such a scope, so the signature is mended on the way.
      inject: async (bench) => {
        const { token } = bench;
        await holds(() =>
          reworked(token, 1, {
            scopes: [...SCOPES.filter((scope) => scope !== "fs:read"), "relayfile:fs:read:/linear/*/by-id/*"],
          }),
        )(bench);
        bench.proxy.rules.push({
          when: (url) => workspaceRoutes(url) || url.pathname.endsWith("/status"),
          request: (headers) => headers.set("authorization", `Bearer ${token}`),
        });
      },
      expect: { root: "doctor.scope-path-unusable", exit: 4 },
      never: ["doctor.token-foreign-issuer", "doctor.scope-missing"],
    },
    {
      id: "token-grants-more-than-asked",
      refs: ["symptom:32"],
      breaks: [],
      inject: (bench) => bench.register({ scopes: ["fs:read"] }),
      expect: { root: "doctor.scope-broader", exit: 0 },
      never: ["doctor.scope-missing"],
    },
    {
      id: "path-scope-shadows-bare-scope",
      refs: ["symptom:33"],
      breaks: ["token", "workspace-reads", "ops"],
      inject: holds(({ stack }) => stack.mint([...SCOPES, "relayfile:fs:read:/linear/**"])),
      expect: { root: "doctor.scope-path-shadow", exit: 4 },
      never: ["doctor.scope-missing", "doctor.acl-denied"],
    },
  ],
);
