/** Which credential files and variables exist and what their tokens look like; never the tokens. */
import { type FileReading, readCloudCredentials, readWorkspaceCredentials } from "../../lib/client/home.ts";
import { type CloudCredentials, HOME_FILES, type WorkspaceCredentials } from "../../lib/model/credentials.ts";
import { fingerprint } from "../../lib/model/redact.ts";
import { readClaims, tokenKind } from "../../lib/model/token.ts";
import { type CredentialFileFact, defineEvidence, type EvidenceContext } from "../evidence.ts";

/** Variables that carry a credential or redirect one. */
const VARIABLES = [
  "RELAYFILE_TOKEN",
  "RELAYFILE_TOKEN_FILE",
  "RELAYFILE_CLOUD_TOKEN",
  "RELAYFILE_CLOUD_TOKEN_FILE",
  "CLOUD_API_ACCESS_TOKEN",
  "CLOUD_API_REFRESH_TOKEN",
  "CLOUD_API_ACCESS_TOKEN_EXPIRES_AT",
  "CLOUD_API_URL",
  "RELAYFILE_CLOUD_API_URL",
  "RELAYFILE_BASE_URL",
  "RELAYFILE_SERVER",
  "RELAYFILE_WORKSPACE",
];

/** Reads the credential files below RELAYFILE_HOME and the shared cloud file. */
export default defineEvidence({
  name: "credentials",
  effect: "read",
  reads: "~/.relayfile/{cloud-credentials,credentials}.json and the environment",
  collect: async (context) => {
    const { home } = context.target;
    const files: CredentialFileFact[] = [];
    if (home !== null) {
      files.push(cloudFile(context, "cloud-credentials", `${home}/${HOME_FILES.cloudCredentials}`));
      files.push(workspaceFile(context, `${home}/${HOME_FILES.workspaceCredentials}`));
    }
    if (context.host.homeDir !== null && context.host.env.RELAYFILE_HOME === undefined) {
      const shared = `${context.host.homeDir}/.agentworkforce/relay/cloud-auth.json`;
      files.push(cloudFile(context, "shared-cloud", shared));
    }
    const env = VARIABLES.flatMap((name) => {
      const value = context.host.env[name];
      if (value === undefined || value === "") return [];
      const secret = name.endsWith("_TOKEN");
      return [
        {
          name,
          tokenKind: secret ? tokenKind(value) : null,
          fingerprint: secret ? fingerprint(value) : null,
        },
      ];
    });
    return { files, env, collectedAtMs: context.clock.now() };
  },
});

function cloudFile(
  context: EvidenceContext,
  name: CredentialFileFact["name"],
  path: string,
): CredentialFileFact {
  const reading = readCloudCredentials(context.fs, path);
  const value: CloudCredentials | null = reading.state === "ok" ? reading.value : null;
  context.redactor.learn(value?.accessToken, "cloud-token");
  context.redactor.learn(value?.refreshToken, "cloud-token");
  return {
    ...common(context, name, reading),
    server: value?.apiUrl ?? null,
    accessExpiresAt: value?.accessTokenExpiresAt ?? null,
    refreshExpiresAt: value?.refreshTokenExpiresAt ?? null,
    updatedAt: value?.updatedAt ?? null,
    tokenKind: value === null ? null : tokenKind(value.accessToken),
    fingerprint: value === null ? null : fingerprint(value.accessToken),
  };
}

function workspaceFile(context: EvidenceContext, path: string): CredentialFileFact {
  const reading = readWorkspaceCredentials(context.fs, path);
  const value: WorkspaceCredentials | null = reading.state === "ok" ? reading.value : null;
  context.redactor.learn(value?.token, "workspace-token");
  const expires = value === null ? null : (readClaims(value.token)?.expiresAtSeconds ?? null);
  return {
    ...common(context, "workspace-credentials", reading),
    server: value?.server ?? null,
    accessExpiresAt: expires === null ? null : new Date(expires * 1000).toISOString(),
    refreshExpiresAt: null,
    updatedAt: value?.updatedAt ?? null,
    tokenKind: value === null ? null : tokenKind(value.token),
    fingerprint: value === null ? null : fingerprint(value.token),
  };
}

function common(context: EvidenceContext, name: CredentialFileFact["name"], reading: FileReading<unknown>) {
  const home = context.host.homeDir;
  const path =
    home !== null && reading.path.startsWith(`${home}/`)
      ? `~${reading.path.slice(home.length)}`
      : reading.path;
  return {
    name,
    path,
    state: reading.state,
    problem: reading.state === "unreadable" || reading.state === "invalid" ? reading.problem : null,
    loose: reading.state === "ok" && reading.loose,
  };
}
