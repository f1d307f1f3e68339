import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FORMATS, renderReport } from "../../verify/render/mod.ts";
import type { Report } from "../../verify/report.ts";
import { reportRig } from "../support/report-rig.ts";

const jwt = `eyJ${"aGVhZGVyLWNhbmFyeQ"}.eyJ${"cGF5bG9hZC1jYW5hcnk"}.c2lnbmF0dXJlLWNhbmFyeS0wMQ`;

/** Twelve secrets, each planted somewhere else. */
const CANARIES = {
  envToken: "canary-env-token-01+/=x",
  envPassword: "canary env password 02",
  envApiKey: "cnry03AbCdEf9876543210zZ",
  answerHeader: "canary-set-cookie-04",
  answerJsonKey: "canary-json-secret-05",
  answerNested: "canary-nested-pw-06",
  errorMessage: "cld_at_canary07abcdefghijkl",
  errorRefresh: "cld_rt_canary08abcdefghijkl",
  bodyJwt: jwt,
  query: "canary-query-token-10",
  userinfo: "canary-userinfo-pw-11",
  transport: "ghp_canary12abcdefghijklmnopqrstuv",
} as const;

describe("redaction canaries (S33, design decision 27)", () => {
  test("twelve planted secrets appear in no format and in no saved evidence", async () => {
    const noise = {
      apiKey: CANARIES.answerJsonKey,
      nested: JSON.stringify({ password: CANARIES.answerNested }),
      echo: `${CANARIES.envToken} ${encodeURIComponent(CANARIES.envToken)} ${btoa(CANARIES.envToken)} ${CANARIES.envPassword}`,
      error: `bad token ${CANARIES.errorMessage}, refresh ${CANARIES.errorRefresh}`,
      token: CANARIES.bodyJwt,
      message: `see https://x/cb?access_token=${CANARIES.query} and https://u:${CANARIES.userinfo}@host/ key ${CANARIES.envApiKey}`,
    };
    let calls = 0;
    await using rig = await reportRig({
      providers: ["linear", "jira"],
      env: {
        MY_TOKEN: CANARIES.envToken,
        DB_PASSWORD: CANARIES.envPassword,
        SOME_API_KEY: CANARIES.envApiKey,
      },
      wrapFetch: (real) => async (request) => {
        calls++;
        if (calls % 7 === 0)
          throw Object.assign(new Error(`connection to ${CANARIES.transport} lost`), { code: "ECONNRESET" });
        if (calls % 3 !== 0) return real(request);
        return Response.json(noise, {
          status: calls % 2 === 0 ? 500 : 403,
          headers: {
            "set-cookie": `sid=${CANARIES.answerHeader}`,
            location: `https://x/?token=${CANARIES.query}`,
            "x-request-id": CANARIES.envApiKey,
          },
        });
      },
    });
    const token = rig.token();
    const cloud = JSON.parse(readFileSync(rig.stack.cloudTokenFile, "utf8"));
    const secrets = [...Object.values(CANARIES), token, cloud.accessToken, cloud.refreshToken];
    const texts: string[] = [];
    for (const [index, what] of (
      ["doctor", "discovery", "digest", "writeback", "doctor"] as const
    ).entries()) {
      const dir = join(rig.directory, `evidence-${index}`);
      const args = { "save-evidence": dir, "include-bodies": index % 2 === 1 };
      const report: Report = what === "doctor" ? await rig.doctor(args) : await rig.verify(what, args);
      for (const format of FORMATS) texts.push(await renderReport(report, format));
      texts.push(JSON.stringify(report));
      for (const name of readdirSync(dir)) texts.push(readFileSync(join(dir, name), "utf8"));
    }
    const all = texts.join("\n");
    expect(calls).toBeGreaterThan(60);
    expect(all).toContain("[redacted:");
    for (const secret of secrets) {
      for (const form of [
        secret,
        encodeURIComponent(secret),
        btoa(secret).replace(/=+$/, ""),
        Buffer.from(secret).toString("base64url"),
      ]) {
        // The form itself must not be printed by a failing test either.
        expect(all.includes(form) ? `${secret.slice(0, 9)}… leaked` : "clean").toBe("clean");
      }
    }
  }, 60_000);
});
