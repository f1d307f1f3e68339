import { describe, expect, test } from "bun:test";
import { createRedactor, fingerprint } from "../../../lib/model/redact.ts";
import { sha256Hex } from "../../../lib/model/sha256.ts";

const SECRET = "s3cr3t/value+with=chars";
const MARK = /\[redacted:[a-z-]+#[0-9a-f]{12}\]/;

describe("sha256Hex()", () => {
  test("agrees with the platform at every block boundary", () => {
    for (const length of [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000]) {
      const text = "aé".repeat(length).slice(0, length);
      expect(sha256Hex(text)).toBe(new Bun.CryptoHasher("sha256").update(text).digest("hex"));
    }
  });
});

describe("createRedactor()", () => {
  test("removes a learned secret raw, URL-encoded, JSON-escaped and in base64 at every alignment", () => {
    const redactor = createRedactor();
    redactor.learn(SECRET, "env");
    for (const form of [
      SECRET,
      encodeURIComponent(SECRET),
      btoa(SECRET),
      btoa(`u:${SECRET}`),
      btoa(`us:${SECRET}!`),
      Buffer.from(`${SECRET}x`).toString("base64url"),
    ]) {
      const clean = redactor.text(`before ${form} after`);
      expect(clean).toMatch(MARK);
      expect(clean).not.toContain(form);
      expect(clean).toContain(fingerprint(SECRET));
    }
    expect(redactor.summary.count).toBeGreaterThan(5);
  });

  test("knows secrets by their shape alone", () => {
    const redactor = createRedactor();
    const jwt = `eyJ${"a".repeat(20)}.eyJ${"b".repeat(20)}.${"c".repeat(30)}`;
    for (const text of [
      jwt,
      `relay_ws_${jwt}`,
      "cld_at_abcdefgh12345678",
      "cld_rt_abcdefgh12345678",
      "ghp_abcdefghijklmnop0123456789",
      "Authorization: Bearer abcdefgh-ijkl",
      "https://user:passw0rd@example.com/x",
      "https://example.com/cb?access_token=abcdef123456&x=1",
      'password="hunter2hunter2"',
      '{\\"client_secret\\":\\"hunter2hunter2\\"}',
    ]) {
      expect(redactor.text(text)).toMatch(MARK);
    }
  });

  test("keeps ids, paths, dates, hashes and its own markers", () => {
    const redactor = createRedactor();
    for (const text of [
      "/jira/issues/fix-it__10001.json",
      "rw_a1b2c3d4 op_17 rev_9 evt_3 rfv_0123456789_01",
      "2026-05-20T09:00:00.000Z",
      sha256Hex("x"),
      "7b0f3f3e-0000-4000-8000-000000000001",
      'Authorization: Bearer "$RELAYFILE_TOKEN"',
    ]) {
      expect(redactor.text(text)).toBe(text);
    }
    const once = redactor.text("cld_at_abcdefgh12345678");
    expect(redactor.text(once)).toBe(once);
    expect(redactor.json({ token: once })).toEqual({ token: once });
  });

  test("removes values of secret keys at any depth and random values of secret-like keys", () => {
    const redactor = createRedactor();
    const clean = redactor.json({
      a: [
        { refresh_token: "short1", apiKey: "k", tokenKind: "workspace-jwt", x_token_id: "aB3dE5gH7jK9mN1pQ" },
      ],
      tokens: { workspace: { source: "env RELAYFILE_TOKEN" } },
    });
    expect(JSON.stringify(clean)).not.toContain("short1");
    expect(JSON.stringify(clean)).not.toContain("aB3dE5gH7jK9mN1pQ");
    expect(JSON.stringify(clean)).toContain("workspace-jwt");
    expect(JSON.stringify(clean)).toContain("env RELAYFILE_TOKEN");
  });

  test("does not learn what could be an ordinary word", () => {
    const redactor = createRedactor();
    redactor.learn("jira", "env");
    redactor.learn("", "env");
    redactor.learn(null, "env");
    expect(redactor.text("jira")).toBe("jira");
  });
});
