import { afterAll, describe, expect, test } from "bun:test";
import { ErrorDocumentSchema } from "../../commands/_documents.ts";
import { EXIT, type ExitName } from "../../lib/errors.ts";
import { onlyDocument, sandbox } from "../support/sandbox.ts";

const box = sandbox();
afterAll(() => box.remove());

/** A token of the right kind; nothing here verifies it. */
function workspaceToken(claims: Record<string, unknown> = {}): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const exp = Math.floor(Date.now() / 1_000) + 3_600;
  const body = {
    wks: "rw_abcd1234",
    sub: "agent",
    scopes: ["relayfile:fs:read:*"],
    aud: ["relayfile"],
    iss: "x",
    iat: exp - 3_600,
    exp,
  };
  return `${part({ alg: "RS256", typ: "JWT" })}.${part({ ...body, ...claims })}.c2ln`;
}

const json = (body: string, status = 200) =>
  new Response(body, { status, headers: { "content-type": "application/json" } });

/** Servers that answer wrongly, and the code a call must end with. */
const SERVERS: Record<string, { answer: () => Response; codes: string[]; exit: ExitName }> = {
  "HTML with 200": {
    answer: () =>
      new Response("<!doctype html><title>Sign in</title>", { headers: { "content-type": "text/html" } }),
    codes: ["unexpected_answer", "wrong_service"],
    exit: "UNDETERMINED",
  },
  "HTML with 404": {
    answer: () =>
      new Response("<!doctype html><h1>404</h1>", { status: 404, headers: { "content-type": "text/html" } }),
    codes: ["unexpected_answer", "wrong_service"],
    exit: "UNDETERMINED",
  },
  "half a document": {
    answer: () => json('{"entries":['),
    codes: ["unexpected_answer"],
    exit: "UNDETERMINED",
  },
  "the wrong types": {
    answer: () => json('{"entries":"none"}'),
    codes: ["unexpected_answer"],
    exit: "UNDETERMINED",
  },
  "bytes that are no text": {
    answer: () =>
      new Response(new Uint8Array([0xff, 0xfe, 0x00, 0x80]), {
        headers: { "content-type": "application/json" },
      }),
    codes: ["unexpected_answer"],
    exit: "UNDETERMINED",
  },
  "10 MB of garbage": {
    answer: () => json("x".repeat(10_000_000)),
    codes: ["unexpected_answer"],
    exit: "UNDETERMINED",
  },
  "an empty body": { answer: () => json(""), codes: ["unexpected_answer"], exit: "UNDETERMINED" },
  "a 500": {
    answer: () => json('{"code":"internal_error","message":"boom"}', 500),
    codes: ["internal_error"],
    exit: "UNDETERMINED",
  },
  "a 401": {
    answer: () => json('{"code":"unauthorized","message":"no"}', 401),
    codes: ["unauthorized"],
    exit: "AUTH",
  },
  "a redirect to elsewhere": {
    answer: () => new Response(null, { status: 302, headers: { location: "https://elsewhere.invalid/" } }),
    codes: ["unexpected_answer", "wrong_service"],
    exit: "UNDETERMINED",
  },
};

describe("relayfile tree against a server that answers", () => {
  for (const [what, { answer, codes, exit }] of Object.entries(SERVERS)) {
    test(`${what}: one clear line, exit ${EXIT[exit]}, one document under --json`, async () => {
      using server = Bun.serve({
        hostname: "127.0.0.1",
        port: 0,
        fetch: ({ url }) => (url.endsWith("/health") ? json('{"status":"ok"}') : answer()),
      });
      const words = ["tree", "rw_abcd1234", "/", "--file-api", `http://127.0.0.1:${server.port}`];
      const env = { RELAYFILE_TOKEN: workspaceToken() };
      const run = await box.run([...words, "--json"], { env });
      const { error } = ErrorDocumentSchema.parse(onlyDocument(run));
      expect(codes).toContain(error.code);
      expect([run.exitCode, error.exitCode, run.stderr]).toEqual([error.exitCode, run.exitCode, ""]);
      if (error.code !== "wrong_service") expect(run.exitCode).toBe(EXIT[exit]);
      const text = await box.run(words, { env });
      expect([text.stdout, text.exitCode]).toEqual(["", run.exitCode]);
      expect(text.stderr).toMatch(/^error: [^\n]{1,400}\n {2}→ [^\n]+\n( {2}correlation id \S+\n)?$/);
    });
  }
});

describe("relayfile tree with credentials that cannot work", () => {
  const closed = "http://127.0.0.1:9";
  test.each([
    ["a server that is down", { RELAYFILE_TOKEN: workspaceToken() }, ["network_unreachable"], 3],
    ["an expired token", { RELAYFILE_TOKEN: workspaceToken({ exp: 1_700_000_000 }) }, ["token_expired"], 4],
    [
      "a cloud token",
      { RELAYFILE_TOKEN: "cld_at_0123456789abcdef0123456789abcdef" },
      ["wrong_token_kind"],
      4,
    ],
    ["no token", {}, ["not_signed_in"], 4],
  ] as const)("%s ends with the right code and never sends it elsewhere", async (_, env, codes, exit) => {
    const words = ["tree", "rw_abcd1234", "/", "--file-api", closed];
    const run = await box.run([...words, "--json"], { env });
    expect(codes as readonly string[]).toContain(onlyDocument(run).error?.code ?? "none");
    expect(run.exitCode).toBe(exit);
    const text = await box.run(words, { env });
    expect([text.exitCode, text.stdout]).toEqual([exit, ""]);
  });
});

describe("relayfile without a home directory", () => {
  test.each(["whoami", "workspace list", "logout", "tree rw_abcd1234 /"])(
    "`%s` still answers",
    async (line) => {
      const { runBinary } = await import("../support/binary.ts");
      const run = await runBinary([...line.split(" "), "--json"], { cwd: box.cwd });
      expect(onlyDocument(run).kind).toStartWith("relayfile.");
      expect(run.exitCode).not.toBe(EXIT.BUG);
      expect(run.stderr).toBe("");
    },
  );
});
