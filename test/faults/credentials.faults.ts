/** Credential files and variables: missing, damaged, of another host, or in each other's way. */
import { randomUUID } from "node:crypto";
import { faultsOf } from "./fault.ts";

const HOUR_MS = 3_600_000;
const at = (ms: number) => new Date(Date.now() + ms).toISOString();

/** Cloud credentials. */
export const cloudCredentialFaults = faultsOf(
  "credentials",
  { breaks: ["cloud-token"], never: ["doctor.workspace-token-expired", "doctor.wrong-token-kind"] },
  [
    {
      id: "cloud-file-not-json",
      refs: ["DR-04"],
      inject: (bench) => bench.homeFile(".relayfile/cloud-credentials.json", '{"apiUrl": "http'),
      expect: { root: "doctor.credential-unusable", exit: 0 },
      never: ["doctor.cloud-session-expired"],
    },
    {
      id: "cloud-session-over",
      refs: ["symptom:4", "DR-04"],
      needs: ["control-plane"],
      inject: (bench) =>
        bench.cloudFile({
          accessToken: `cld_at_${randomUUID()}`,
          accessTokenExpiresAt: at(-HOUR_MS),
          refreshTokenExpiresAt: at(-HOUR_MS / 2),
        }),
      expect: { root: "doctor.cloud-session-expired", exit: 0 },
      never: ["doctor.workspace-token-expired", "doctor.cloud-credential-damaged"],
    },
    {
      id: "cloud-session-revoked",
      refs: ["symptom:5", "DR-04"],
      needs: ["control-plane"],
      inject: (bench) => bench.cloudFile({ accessToken: `cld_at_${randomUUID()}` }),
      expect: { root: "doctor.cloud-session-expired", notes: ["doctor.cloud-session-shared"], exit: 0 },
    },
    {
      id: "cloud-slot-holds-workspace-token",
      refs: ["DR-06"],
      needs: ["control-plane"],
      inject: (bench) => bench.cloudFile({ accessToken: bench.token }),
      expect: { root: "doctor.cloud-token-wrong-kind", exit: 4 },
    },
    {
      id: "cloud-file-of-another-host",
      refs: ["symptom:11"],
      needs: ["control-plane"],
      inject: (bench) => {
        bench.set("RELAYFILE_CLOUD_API_URL", bench.proxy.controlPlaneUrl);
        bench.cloudFile({ apiUrl: "https://staging.example.test/cloud" });
      },
      expect: { root: "doctor.credential-host-mismatch", exit: 0 },
    },
    {
      id: "cloud-token-file-missing",
      inject: (bench) => bench.set("RELAYFILE_CLOUD_TOKEN_FILE", bench.dir.join("nowhere.json")),
      expect: { root: "doctor.credential-unusable", exit: 0 },
    },
  ],
);

/** Workspace credentials: without them nothing of the workspace can be read. */
export const workspaceCredentialFaults = faultsOf(
  "credentials",
  { breaks: ["token", "workspace-reads", "ops"], never: ["doctor.workspace-token-expired"] },
  [
    {
      id: "workspace-file-not-json",
      inject: (bench) => bench.homeFile(".relayfile/credentials.json", "{"),
      expect: { root: "doctor.credential-unusable", exit: 4 },
    },
    {
      id: "token-file-missing",
      inject: (bench) => bench.set("RELAYFILE_TOKEN_FILE", bench.dir.join("nowhere")),
      expect: { root: "doctor.credential-unusable", exit: 4 },
    },
    {
      id: "token-file-empty",
      inject: (bench) => {
        bench.homeFile("token", "\n");
        bench.set("RELAYFILE_TOKEN_FILE", `${bench.env.HOME}/token`);
      },
      expect: { root: "doctor.credential-unusable", exit: 4 },
    },
    {
      id: "workspace-file-of-another-host",
      refs: ["symptom:11", "symptom:18"],
      inject: (bench) => {
        bench.set("RELAYFILE_BASE_URL", bench.proxy.fileApiUrl);
        bench.workspaceFile({ server: "https://api.example.test" });
      },
      expect: { root: "doctor.credential-host-mismatch", exit: 4 },
    },
    {
      id: "tokens-swapped",
      refs: ["symptom:15", "DR-06"],
      breaks: ["token", "workspace-reads", "ops", "cloud-token"],
      inject: async (bench) => {
        const { accessToken } = await bench.stack.cloudSession();
        bench.set("RELAYFILE_TOKEN", accessToken);
        bench.set("RELAYFILE_CLOUD_TOKEN", bench.token);
        bench.set("RELAYFILE_BASE_URL", bench.proxy.fileApiUrl);
        bench.set("RELAYFILE_CLOUD_API_URL", bench.proxy.controlPlaneUrl);
      },
      expect: { root: "doctor.tokens-swapped", exit: 4 },
      never: ["doctor.cloud-session-expired", "doctor.workspace-token-rejected"],
    },
    {
      id: "environment-token-of-another-kind",
      refs: ["symptom:8", "symptom:15"],
      inject: async (bench) => {
        bench.set("RELAYFILE_TOKEN", (await bench.stack.cloudSession()).accessToken);
      },
      expect: { root: "doctor.wrong-token-kind", exit: 4 },
    },
  ],
);

/** Which workspace is meant. */
export const workspaceNameFaults = faultsOf(
  "credentials",
  { breaks: ["token", "workspace-reads", "ops", "mirror"] },
  [
    {
      id: "workspace-variable-of-another-tool",
      refs: ["symptom:21", "DR-01"],
      needs: ["control-plane", "cloud-token"],
      inject: (bench) => bench.set("RELAYFILE_WORKSPACE", "rw_aaaaaaaa"),
      expect: { root: "doctor.workspace-clobbered", exit: 1 },
      never: ["doctor.workspace-token-expired", "doctor.uuid-for-relay-id"],
    },
    {
      id: "workspace-variable-and-no-session",
      refs: ["symptom:21", "DR-01"],
      breaks: ["token", "workspace-reads", "ops", "mirror", "cloud-token"],
      inject: (bench) => {
        bench.homeFile(".relayfile/cloud-credentials.json", null);
        bench.set("RELAYFILE_WORKSPACE", "rw_aaaaaaaa");
      },
      expect: { root: "doctor.workspace-mismatch", exit: 4 },
      never: ["doctor.workspace-clobbered", "doctor.uuid-for-relay-id"],
    },
    {
      id: "workspace-id-nobody-knows",
      refs: ["symptom:23"],
      needs: ["control-plane", "cloud-token"],
      ask: { what: "doctor", args: { workspace: "rw_aaaaaaaa" } },
      inject: () => {},
      expect: { root: "doctor.workspace-no-access", exit: 1 },
      never: ["doctor.workspace-clobbered", "doctor.workspace-not-found"],
    },
    {
      id: "workspace-name-unknown",
      refs: ["symptom:23"],
      inject: (bench) => bench.set("RELAYFILE_WORKSPACE", "no-such-workspace"),
      expect: { root: "doctor.workspace-unresolved", exit: 1 },
    },
    {
      id: "uuid-where-rw-id-is-needed",
      refs: ["symptom:20", "relayfile#306"],
      inject: (bench) => {
        bench.homeFile(".relayfile/workspaces.json", JSON.stringify({ workspaces: [] }));
        bench.homeFile(".relayfile/cloud-credentials.json", null);
        bench.set("RELAYFILE_CLOUD_API_URL", bench.proxy.controlPlaneUrl);
        bench.set("RELAYFILE_WORKSPACE", bench.stack.cloudWorkspaceId);
      },
      expect: { root: "doctor.uuid-for-relay-id", exit: 1, knownIssue: "relayfile#306" },
      never: ["doctor.workspace-mismatch"],
    },
  ],
);

/** Files and variables that work today and will not tomorrow, or that get in each other's way. */
export const credentialAreaFaults = faultsOf(
  "credentials",
  { never: ["doctor.cloud-session-expired", "doctor.workspace-token-expired", "doctor.credential-unusable"] },
  [
    {
      id: "two-tools-two-sessions",
      refs: ["symptom:2"],
      inject: (bench) =>
        bench.homeFile(
          ".agentworkforce/relay/cloud-auth.json",
          JSON.stringify({
            apiUrl: bench.proxy.controlPlaneUrl,
            accessToken: `cld_at_${randomUUID()}`,
            refreshToken: `cld_rt_${randomUUID()}`,
            accessTokenExpiresAt: at(-HOUR_MS),
            refreshTokenExpiresAt: at(-HOUR_MS / 2),
          }),
        ),
      expect: { root: "doctor.credentials-split", exit: 0 },
    },
    {
      id: "token-file-readable-by-all",
      refs: ["symptom:14"],
      inject: (bench) => bench.chmod(".relayfile/credentials.json", 0o644),
      expect: { root: "doctor.credential-mode-loose", exit: 0 },
    },
    {
      id: "credential-directory-writable-by-all",
      refs: ["symptom:14"],
      inject: (bench) => bench.chmod(".relayfile", 0o777),
      expect: { root: "doctor.credential-mode-loose", exit: 0 },
    },
    {
      id: "renewal-lock-left-behind",
      refs: ["symptom:13"],
      inject: (bench) => {
        bench.homeFile(".relayfile/cloud-credentials.json.lock", JSON.stringify({ pid: 2 ** 22 - 3 }));
        bench.age(".relayfile/cloud-credentials.json.lock", HOUR_MS);
      },
      expect: { root: "doctor.credential-lock-stale", exit: 0 },
    },
    {
      id: "token-variable-took-the-login",
      refs: ["symptom:8"],
      breaks: ["cloud-token"],
      inject: (bench) => {
        bench.homeFile(".relayfile/cloud-credentials.json", null);
        bench.set("RELAYFILE_TOKEN", bench.token);
      },
      expect: { root: "doctor.token-hijacks-login", exit: 1 },
    },
    {
      id: "cloud-variables-half-set",
      refs: ["symptom:10"],
      inject: (bench) => bench.set("CLOUD_API_ACCESS_TOKEN", `cld_at_${randomUUID()}`),
      expect: { root: "doctor.cloud-variables-partial", exit: 0 },
    },
    {
      id: "recorded-server-is-the-control-plane",
      refs: ["symptom:19"],
      needs: ["control-plane"],
      inject: (bench) => {
        bench.set("RELAYFILE_BASE_URL", bench.proxy.fileApiUrl);
        bench.workspaceFile({ server: bench.proxy.controlPlaneUrl });
      },
      expect: { root: "doctor.server-is-cloud", exit: 1 },
    },
  ],
);

/** What looks like a lost login and is none. */
export const notSignedInFaults = faultsOf(
  "credentials",
  { never: ["doctor.cloud-session-expired", "doctor.credential-unusable", "doctor.file-api-unreachable"] },
  [
    {
      id: "nobody-signed-in",
      refs: ["symptom:1"],
      inject: (bench) => {
        for (const name of ["cloud-credentials", "credentials", "workspaces"])
          bench.homeFile(`.relayfile/${name}.json`, null);
        bench.set("RELAYFILE_BASE_URL", bench.proxy.fileApiUrl);
        bench.set("RELAYFILE_CLOUD_API_URL", bench.proxy.controlPlaneUrl);
      },
      expect: { root: null, notes: ["doctor.nothing-configured"], exit: 0 },
    },
    {
      id: "nobody-signed-in-over-ssh",
      refs: ["symptom:6", "symptom:7"],
      inject: (bench) => {
        bench.homeFile(".relayfile/cloud-credentials.json", null);
        bench.set("SSH_CONNECTION", "192.0.2.7 52000 192.0.2.9 22");
      },
      expect: { root: null, notes: ["doctor.login-needs-device"], exit: 0 },
    },
    {
      id: "access-token-due-for-renewal",
      refs: ["symptom:3"],
      inject: (bench) => bench.cloudFile({ accessTokenExpiresAt: at(-60_000) }),
      expect: { root: null, notes: ["doctor.cloud-access-expired"], exit: 0 },
    },
    {
      id: "file-api-of-an-older-default",
      refs: ["symptom:18"],
      needs: ["control-plane", "cloud-token"],
      inject: (bench) => {
        // Another name of this machine, which is no loopback name.
        bench.move({ fileApi: bench.proxy.fileApiUrl.replace("127.0.0.1", "0.0.0.0") });
        bench.proxy.rules.push({
          when: (url) => url.pathname.endsWith("/resolve"),
          json: (body: Record<string, unknown>) => ({ ...body, relayfileUrl: "https://files.example.test" }),
        });
      },
      expect: { root: "doctor.file-api-url-drift", exit: 0 },
      never: ["doctor.file-api-wrong-service"],
    },
  ],
);

/** All of them. */
export default [
  ...cloudCredentialFaults,
  ...workspaceCredentialFaults,
  ...workspaceNameFaults,
  ...credentialAreaFaults,
  ...notSignedInFaults,
];
