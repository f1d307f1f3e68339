import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { BinaryRun } from "../support/binary.ts";
import { sandbox } from "../support/sandbox.ts";

const box = sandbox();
afterAll(() => box.remove());

/** A token of the right shape for a workspace; its signature is the secret part. */
function workspaceToken(mark: string): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const exp = Math.floor(Date.now() / 1_000) + 3_600;
  const claims = {
    wks: "rw_abcd1234",
    sub: mark,
    scopes: ["relayfile:fs:read:*", "sync:read"],
    aud: ["relayfile"],
    iss: "x",
    exp,
  };
  return `${part({ alg: "RS256" })}.${part(claims)}.${mark}Xk29fQ`;
}

/** Twelve secrets, each in a place of its own. */
const SECRETS = {
  workspaceTokenInEnv: workspaceToken("Env1"),
  cloudTokenInEnv: "cld_at_Zx81kQm7Pw2Lr9Tn4Vb6",
  cloudTokenInFile: "cld_at_Ab3De5Fg7Hi9Jk1Lm3No",
  refreshTokenInFile: "cld_rt_Qw1Er2Ty3Ui4Op5As6Df",
  passwordInUrl: "uRl-Passw0rd-77q",
  secretInEnv: "wEbh00k-Secret-91x",
  tokenInResponseBody: "bOdy-T0ken-55k-zZ",
  bearerInErrorMessage: "mEssage8Bearer4Token2xY",
  cookieInResponse: "c00kie-Value-33w-Qq",
  tokenInRedirect: "rEdirect-T0ken-66h",
  passwordInRequestBody: "bOdy-Passw0rd-12p",
  apiKeyInJsonText: "tExt-ApiKey-88m-Lk",
} as const;

/** Every way a secret could hide in text. */
function formsOf(secret: string): string[] {
  const base64 = Buffer.from(secret).toString("base64").replace(/=+$/, "");
  return [secret, encodeURIComponent(secret), base64, Buffer.from(secret).toString("base64url")];
}

/** A file API and control plane that tell everything they were told and more. */
function indiscreetServer() {
  const headers = {
    "content-type": "application/json",
    "set-cookie": `session=${SECRETS.cookieInResponse}; HttpOnly`,
    "x-auth-token": SECRETS.tokenInResponseBody,
  };
  return Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      const { pathname } = new URL(request.url);
      if (pathname === "/health") return Response.json({ status: "ok" }, { headers });
      if (pathname.endsWith("/catalog")) return Response.json({ providers: [], version: "1" }, { headers });
      if (pathname.endsWith("/sync/status")) {
        const location = `https://elsewhere.invalid/?token=${SECRETS.tokenInRedirect}`;
        return new Response(null, { status: 302, headers: { ...headers, location } });
      }
      const body = {
        code: "unauthorized",
        message: `cannot accept ${request.headers.get("authorization")} nor Bearer ${SECRETS.bearerInErrorMessage}`,
        details: {
          accessToken: SECRETS.tokenInResponseBody,
          note: `{"api_key":"${SECRETS.apiKeyInJsonText}"}`,
        },
      };
      return Response.json(body, { status: 401, headers });
    },
  });
}

/** Command lines that between them use every command talking to a service or reading a credential. */
const LINES = [
  "doctor --json",
  "doctor",
  "doctor --short -vv",
  "doctor --save-evidence EVIDENCE --report text=EVIDENCE/report.txt --report curl=EVIDENCE/repro.sh -vv --json",
  "verify discovery --json",
  "verify digest -vv",
  "verify writeback --json",
  "whoami --json -vv",
  "whoami",
  "tree rw_abcd1234 / -vv",
  "tree rw_abcd1234 / --json",
  "cat rw_abcd1234 /a.json -vv",
  "ops list rw_abcd1234 -vv --json",
  "workspace list -vv",
  "integration list rw_abcd1234 --json -vv",
  "mount rw_abcd1234 MIRROR --once -vv",
  "put rw_abcd1234 /b.json --input BODY -vv",
  "refresh rw_abcd1234 -vv",
];

describe("twelve planted secrets", () => {
  test("appear in no output, log, report or evidence file, raw, URL-encoded or base64", async () => {
    using server = indiscreetServer();
    const [home, evidence, mirror] = [box.join("rf"), box.join("evidence"), box.join("mirror")];
    for (const folder of [home, evidence]) mkdirSync(folder);
    writeFileSync(box.join("body.json"), JSON.stringify({ password: SECRETS.passwordInRequestBody }));
    const base = `http://user:${SECRETS.passwordInUrl}@127.0.0.1:${server.port}`;
    const expires = new Date(Date.now() + 3_600_000).toISOString();
    const credentials = {
      apiUrl: `http://127.0.0.1:${server.port}`,
      accessToken: SECRETS.cloudTokenInFile,
      refreshToken: SECRETS.refreshTokenInFile,
      accessTokenExpiresAt: expires,
    };
    writeFileSync(`${home}/cloud-credentials.json`, JSON.stringify(credentials), { mode: 0o600 });
    const environments: Record<string, string>[] = [
      { RELAYFILE_TOKEN: SECRETS.workspaceTokenInEnv, RELAYFILE_CLOUD_TOKEN: SECRETS.cloudTokenInEnv },
      { RELAYFILE_TOKEN: SECRETS.workspaceTokenInEnv },
    ];
    const leaks: string[] = [];
    for (const env of environments) {
      for (const url of [base, base.replace(/\/\/.*@/, "//")]) {
        for (const line of LINES) {
          const words = line
            .split(" ")
            .map((word) =>
              word
                .replace("EVIDENCE", evidence)
                .replace("MIRROR", mirror)
                .replace("BODY", box.join("body.json")),
            );
          const run = await box.run(words, {
            env: {
              ...env,
              RELAYFILE_HOME: home,
              RELAYFILE_WORKSPACE: "rw_abcd1234",
              RELAYFILE_BASE_URL: url,
              RELAYFILE_CLOUD_API_URL: url,
              RELAYFILE_GITHUB_WEBHOOK_SECRET: SECRETS.secretInEnv,
            },
          });
          expect([line, run.exitCode]).not.toEqual([line, 70]);
          leaks.push(...leaksOf(line, run));
        }
      }
    }
    for (const file of filesBelow(evidence)) leaks.push(...found(file, readFileSync(file, "utf8")));
    for (const file of filesBelow(mirror)) leaks.push(...found(file, readFileSync(file, "utf8")));
    expect([...new Set(leaks)]).toEqual([]);
  }, 120_000);
});

function leaksOf(line: string, run: BinaryRun): string[] {
  return [...found(`${line} (stdout)`, run.stdout), ...found(`${line} (stderr)`, run.stderr)];
}

function found(where: string, text: string): string[] {
  return Object.entries(SECRETS).flatMap(([name, secret]) =>
    formsOf(secret).some((form) => text.includes(form)) ? [`${name} in ${where}`] : [],
  );
}

function filesBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => `${entry.parentPath}/${entry.name}`);
  } catch {
    // A mirror that was never made holds no file.
    return [];
  }
}
