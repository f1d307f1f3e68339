import { describe, expect, test } from "bun:test";
import { readClaims, scopeList, stripClassPrefix, tokenKind } from "../../../lib/model/token.ts";

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const jwt = (payload: unknown, header: unknown = { alg: "RS256", kid: "k1" }) =>
  `${part(header)}.${part(payload)}.c2ln`;

describe("tokenKind()", () => {
  test.each([
    ["cld_at_x", "cloud-access"],
    ["cld_rt_x", "cloud-refresh"],
    ["rk_live_x", "messaging-key"],
    ["at_live_x", "messaging-agent"],
    ["nango_connect_session_x", "connect-session"],
    [jwt({}), "workspace-jwt"],
    [`relay_ws_${jwt({})}`, "workspace-jwt"],
    ["hunter2", "unknown"],
    ["", "unknown"],
  ] as const)("knows %j as %s", (token, kind) => {
    expect(tokenKind(token)).toBe(kind);
  });
});

test("stripClassPrefix() strips one known prefix, once", () => {
  expect(stripClassPrefix(" relay_pa_relay_ws_a.b.c ")).toBe("relay_ws_a.b.c");
  expect(stripClassPrefix("relay_xx_a.b.c")).toBe("relay_xx_a.b.c");
});

describe("readClaims()", () => {
  test("prefers wks and sub, and reads header facts", () => {
    const token = jwt({
      wks: "rw_1",
      workspace_id: "rw_2",
      sub: "a",
      agent_name: "b",
      exp: 10,
      aud: "relayfile",
      scopes: "fs:read ops:read",
    });
    expect(readClaims(`relay_ag_${token}`)).toEqual({
      workspaceId: "rw_1",
      subject: "a",
      scopes: ["fs:read", "ops:read"],
      audience: ["relayfile"],
      expiresAtSeconds: 10,
      issuedAtSeconds: null,
      issuer: null,
      algorithm: "RS256",
      keyId: "k1",
      prefixed: true,
    });
  });

  test("falls back to the alias claims", () => {
    expect(readClaims(jwt({ workspace_id: "rw_2", agent_name: "b" }))).toMatchObject({
      workspaceId: "rw_2",
      subject: "b",
    });
  });

  test("treats a text exp as no expiry, as the server rejects it", () => {
    expect(readClaims(jwt({ exp: "10" }))?.expiresAtSeconds).toBeNull();
  });

  test.each(["", "abc", "a.b.c", "...", "e30.bm90anNvbg.x"])("answers null for %j", (text) => {
    expect(readClaims(text)).toBeNull();
  });
});

test("scopeList() accepts an array, and text with spaces or commas", () => {
  expect(scopeList(["a", 1, "b"])).toEqual(["a", "b"]);
  expect(scopeList(" a, b  c ")).toEqual(["a", "b", "c"]);
  expect(scopeList(undefined)).toEqual([]);
});
