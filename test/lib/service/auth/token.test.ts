/** Every way a workspace token can be wrong, in the order and words of the contract (spec file-api 2.1), on the real service. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { fail } from "../../../../lib/errors.ts";
import { TokenVerifier } from "../../../../lib/service/auth/token.ts";
import { importKeys, newKeyText } from "../../../../lib/service/control-plane/keys.ts";
import { type TestStack, testStack } from "../../../support/stack.ts";

const base64url = (value: string | Uint8Array) =>
  (typeof value === "string" ? new TextEncoder().encode(value) : value).toBase64({
    alphabet: "base64url",
    omitPadding: true,
  });

describe("TokenVerifier", () => {
  let stack: TestStack;
  let good: Record<string, unknown>;
  let kid: string;
  let sign: (header: unknown, claims: unknown, key?: CryptoKey) => Promise<string>;
  let stranger: CryptoKey;
  beforeAll(async () => {
    stack = await testStack();
    const keys = await importKeys(readFileSync(`${stack.dataDir}/signing-key.json`, "utf8"));
    if (keys === null) throw new Error("no signing key");
    kid = keys.kid;
    stranger = (await importKeys(await newKeyText()))?.privateKey as CryptoKey;
    sign = async (header, claims, key = keys.privateKey as CryptoKey) => {
      const text = typeof claims === "string" ? claims : JSON.stringify(claims);
      const input = `${base64url(JSON.stringify(header))}.${base64url(text)}`;
      const bytes = new TextEncoder().encode(input);
      const signature = await crypto.subtle.sign("RSASSA-PKCS1-v1_5", key, bytes);
      return `${input}.${base64url(new Uint8Array(signature))}`;
    };
    good = {
      wks: stack.workspaceId,
      sub: "bob",
      aud: "relayfile",
      exp: Math.floor(Date.now() / 1_000) + 60,
      scopes: ["fs:read"],
    };
  });
  afterAll(() => stack.stop());

  const ask = async (token: string, workspaceId = stack.workspaceId, headers = {}) => {
    const response = await stack.fetch(
      new Request(`${stack.fileApiUrl}/v1/workspaces/${workspaceId}/fs/tree`, {
        headers: { Authorization: `Bearer ${token}`, "X-Correlation-Id": "t", ...headers },
      }),
    );
    const body = (await response.json()) as { code?: string; message?: string };
    return [response.status, body.code, body.message];
  };
  const header = (change = {}) => ({ alg: "RS256", typ: "JWT", kid, ...change });
  const without = (...names: string[]) =>
    Object.fromEntries(Object.entries(good).filter(([name]) => !names.includes(name)));

  test("names each problem of a token with its own 401", async () => {
    const valid = await sign(header(), good);
    const [head, payload, signature] = valid.split(".");
    const past = { ...good, exp: Math.floor(Date.now() / 1_000) };
    const cases: [string, string][] = [
      ["", "missing or invalid bearer token"],
      ["a.b", "invalid jwt format"],
      ["a.b.c.d", "invalid jwt format"],
      [`%%%.${payload}.${signature}`, "invalid jwt header"],
      [`${base64url("[]")}.${payload}.${signature}`, "invalid jwt header"],
      [`${head}.%%%.${signature}`, "invalid jwt payload"],
      [`${head}.${base64url("not json")}.${signature}`, "invalid jwt payload"],
      [`${head}.${payload}.`, "invalid jwt signature"],
      [`${head}.${payload}.!`, "invalid jwt signature"],
      [await sign(header({ alg: "HS256" }), good), "unsupported jwt algorithm"],
      [await sign(header({ alg: "none" }), good), "unsupported jwt algorithm"],
      [await sign(header({ kid: undefined }), good), "missing jwt kid"],
      [await sign(header({ kid: "other" }), good), "unknown jwt kid"],
      [await sign(header(), good, stranger), "jwt signature mismatch"],
      [
        `${head}.${base64url(JSON.stringify({ ...good, sub: "eve" }))}.${signature}`,
        "jwt signature mismatch",
      ],
      [await sign(header(), without("wks")), "missing workspace claim"],
      [await sign(header(), { ...good, wks: " " }), "missing workspace claim"],
      [await sign(header(), without("sub")), "missing subject claim"],
      [await sign(header(), without("exp")), "invalid exp claim"],
      [await sign(header(), { ...good, exp: String(good.exp) }), "invalid exp claim"],
      [await sign(header(), past), "token expired"],
      [await sign(header(), { ...good, aud: "other" }), "invalid aud claim"],
      [await sign(header(), without("aud")), "invalid aud claim"],
    ];
    for (const [token, message] of cases) {
      expect([message, ...(await ask(token))]).toEqual([message, 401, "unauthorized", message]);
    }
  });

  test("reports the first problem of several, in the order of the contract", async () => {
    const wrong = { exp: 1, aud: "other", scopes: [] };
    expect((await ask(await sign(header({ alg: "HS256", kid: undefined }), wrong)))[2]).toBe(
      "unsupported jwt algorithm",
    );
    expect((await ask(await sign(header(), wrong, stranger)))[2]).toBe("jwt signature mismatch");
    expect((await ask(await sign(header(), wrong)))[2]).toBe("missing workspace claim");
    expect((await ask(await sign(header(), { ...wrong, wks: "w", sub: "s" })))[2]).toBe("token expired");
    expect((await ask(await sign(header(), { ...good, aud: "other", scopes: [] })))[2]).toBe(
      "invalid aud claim",
    );
  });

  test("answers 403 for what the token does not reach, in order", async () => {
    expect(await ask(await sign(header(), { ...good, scopes: [] }))).toEqual([
      403,
      "forbidden",
      "no scopes granted",
    ]);
    expect(await ask(await sign(header(), { ...good, scopes: ["ops:read"] }), "rw_other000")).toEqual([
      403,
      "forbidden",
      "workspace mismatch",
    ]);
    expect(await ask(await sign(header(), { ...good, scopes: ["ops:read"] }))).toEqual([
      403,
      "forbidden",
      "missing required scope: fs:read",
    ]);
    expect(await ask(await sign(header(), good), stack.workspaceId, { "X-Correlation-Id": "" })).toEqual([
      400,
      "bad_request",
      "missing X-Correlation-Id header",
    ]);
  });

  test("takes every form the contract allows", async () => {
    const { exp } = good;
    const forms = [
      good,
      { ...without("wks"), workspace_id: good.wks },
      { ...good, workspace_id: "rw_ignored0" },
      { ...without("sub"), agent_name: "bob" },
      { ...good, aud: ["other", " relayfile "] },
      { ...good, scopes: "ops:read  fs:read" },
      { ...good, nbf: (exp as number) + 1_000, iss: "anybody" },
    ];
    for (const claims of forms) expect((await ask(await sign(header(), claims)))[0]).toBe(200);
    for (const prefix of ["relay_pa_", "relay_ws_", "relay_id_", "relay_ag_"]) {
      expect((await ask(prefix + (await sign(header(), good))))[0]).toBe(200);
      expect((await ask(prefix + prefix + (await sign(header(), good))))[0]).toBe(401);
    }
  });

  test("says that keys cannot be fetched, and never remembers an expired token as good", async () => {
    let now = 0;
    const verifier = new TokenVerifier(
      async () => fail("unavailable", "jwks unreachable"),
      () => now,
    );
    const token = await sign(header(), good);
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: "unavailable", status: 503 });
    const keys = await importKeys(readFileSync(`${stack.dataDir}/signing-key.json`, "utf8"));
    const real = new TokenVerifier(
      async () => keys?.publicKey ?? null,
      () => now,
    );
    expect((await real.verify(token)).agent).toBe("bob");
    now = (good.exp as number) * 1_000;
    await expect(real.verify(token)).rejects.toMatchObject({ message: "token expired" });
  });
});
