/** Variables and recorded places that redirect a credential, and the shell a sign-in would start from. */
import { defineCheck, type FindingDraft, judged, page, plural, skip, suggest } from "../check.ts";
import { joinAgain } from "./_workspace.ts";
import { cloudFiles } from "./credential-area.ts";

const COMPANIONS = [
  "CLOUD_API_ACCESS_TOKEN",
  "CLOUD_API_REFRESH_TOKEN",
  "CLOUD_API_ACCESS_TOKEN_EXPIRES_AT",
  "CLOUD_API_URL",
];

/** Symptoms 8, 9, 10 and 19. */
export const environmentConsistent = defineCheck({
  id: "doctor.environment-consistent",
  title: "no variable or recorded server redirects a credential",
  severity: "error",
  phase: "auth",
  needs: ["credentials", "target"],
  after: [],
  refs: ["symptom:8", "symptom:10", "symptom:19"],
  hint: "Look at the variables the finding names",
  findings: {
    "doctor.token-hijacks-login": page.error(
      "RELAYFILE_TOKEN is set, equals the stored workspace token, and there is no cloud session: older logins take the variable as a key and never sign in.",
      "The variable's fingerprint equals that of credentials.json, and no file holds a cloud session.",
      "Not an expired session: there never was one.",
      "Unset RELAYFILE_TOKEN, then sign in again.",
    ),
    "doctor.cloud-variables-partial": page.warn(
      "Some of the cloud variables are set and others are not. One tool needs all four and ignores them otherwise, while this one uses what is there.",
      "CLOUD_API_ACCESS_TOKEN is set without the others.",
      "Not a bad token.",
      "Set the missing ones too, or unset it and sign in.",
    ),
    "doctor.server-is-cloud": page.error(
      "The server recorded with the workspace token is the control plane: a login was given the control plane's URL as --server, which means the file API.",
      "The host in credentials.json equals the control plane's and differs from the file API's; on one host its path ends in /cloud.",
      "Not swapped base URLs of this run: only the recorded server is wrong.",
      "Sign in without --server, then join the workspace again.",
    ),
  },
  run: ({ credentials, target }) => {
    const { env } = credentials;
    const stored = credentials.files.find(
      (file) => file.name === "workspace-credentials" && file.state === "ok",
    );
    if (env.length === 0 && stored === undefined) return skip("no variable and no stored token");
    type Codes = "doctor.token-hijacks-login" | "doctor.cloud-variables-partial" | "doctor.server-is-cloud";
    const findings: FindingDraft<Codes>[] = [];
    const token = env.find(({ name }) => name === "RELAYFILE_TOKEN");
    const unsettled = cloudFiles(credentials).length === 0 && target.cloudToken === null;
    if (
      token !== undefined &&
      stored !== undefined &&
      token.fingerprint === stored.fingerprint &&
      unsettled
    ) {
      findings.push({
        code: "doctor.token-hijacks-login",
        title: "RELAYFILE_TOKEN took the place of a login: it is stored as the token and nobody is signed in",
        subject: { kind: "token", ref: "cloud" },
        evidence: [
          { type: "compare", a: "RELAYFILE_TOKEN", b: stored.path, relation: "equals the token in" },
        ],
        facts: { file: stored.path },
        remedy: {
          text: "Unset RELAYFILE_TOKEN, then sign in",
          commands: [suggest("relayfile login", "write")],
        },
      });
    }
    const missing = COMPANIONS.filter((name) => !env.some((entry) => entry.name === name));
    if (env.some(({ name }) => name === "CLOUD_API_ACCESS_TOKEN") && missing.length > 0) {
      findings.push({
        code: "doctor.cloud-variables-partial",
        title: `CLOUD_API_ACCESS_TOKEN is set without ${missing.join(", ")}`,
        subject: { kind: "token", ref: "cloud" },
        evidence: [{ type: "log", line: `missing: ${missing.join(", ")}` }],
        facts: { missing },
      });
    }
    if (stored?.server != null && isControlPlane(stored.server, target.controlPlaneUrl, target.fileApiUrl)) {
      findings.push({
        code: "doctor.server-is-cloud",
        title: `${stored.path} names the control plane ${stored.server} as its file API`,
        subject: { kind: "file", ref: stored.path },
        evidence: [{ type: "file", path: stored.path, excerpt: `server: ${stored.server}` }],
        facts: { server: stored.server },
        remedy: {
          text: "Join the workspace again",
          commands: [joinAgain(target)],
        },
      });
    }
    return judged(
      env.length + (stored === undefined ? 0 : 1),
      findings,
      `${plural(env.length, "variable")} and ${stored === undefined ? "no" : "one"} stored token looked at`,
    );
  },
});

/** Symptoms 6 and 7. */
export const loginFitsShell = defineCheck({
  id: "doctor.login-fits-shell",
  title: "a sign-in from this shell would reach a browser",
  severity: "info",
  phase: "auth",
  needs: ["credentialArea", "target"],
  after: [],
  refs: ["symptom:6", "symptom:7"],
  hint: "Sign in with a code: relayfile login --device",
  findings: {
    "doctor.login-needs-device": page.info(
      "Nobody is signed in, and this shell runs on another machine than your browser: a browser sign-in would end at 127.0.0.1 of the wrong machine, and opening that address later does not help, because its listener is gone.",
      "No cloud session is in use, and variables of a remote shell are set.",
      "Not a refused sign-in.",
      "Use relayfile login --device, which needs no browser here. Over ssh it is chosen by itself.",
    ),
  },
  run: ({ credentialArea, target }) => {
    const { headless } = credentialArea;
    if (headless.length === 0) return skip("this is no remote shell");
    if (target.cloudToken !== null) return skip("a cloud token is configured");
    const finding: FindingDraft<"doctor.login-needs-device"> = {
      code: "doctor.login-needs-device",
      title: `nobody is signed in, and this is a remote shell (${headless.join(", ")})`,
      subject: { kind: "token", ref: "cloud" },
      evidence: [{ type: "log", line: `set: ${headless.join(", ")}` }],
      facts: { headless: [...headless] },
      remedy: {
        text: "Sign in with a code",
        commands: [suggest("relayfile login --device", "write")],
      },
    };
    return judged(1, [finding], finding.title);
  },
});

function isControlPlane(server: string, controlPlane: string | null, fileApi: string): boolean {
  const bare = (url: string) => url.replace(/\/+$/, "");
  if (controlPlane === null || bare(server) === bare(fileApi)) return false;
  return (
    bare(server) === bare(controlPlane) || (/\/cloud$/.test(bare(server)) && !/\/cloud$/.test(bare(fileApi)))
  );
}
