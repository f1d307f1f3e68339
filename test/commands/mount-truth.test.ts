/** What `status` says about a mirror whose daemon is in trouble, from the files that such a daemon leaves. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { acquireLease } from "../../lib/runtime/bun/lease.ts";
import { bunPorts } from "../../lib/runtime/bun/ports.ts";
import { runCli } from "../support/run-cli.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

let dir: TempDir;
beforeAll(() => {
  dir = tempDir("relayfile-mount-truth-");
});
afterAll(() => dir.remove());

/** `status` of a mirror that a living daemon holds and whose state is `state`, written `ageMs` ago. */
async function statusOf(name: string, state: object, { ageMs = 0, log = "" } = {}) {
  const area = dir.join(`${name}/.relay`);
  mkdirSync(area, { recursive: true });
  const lease = acquireLease(`${area}/mount.lock`, `{"pid":${process.pid}}\n`);
  writeFileSync(`${area}/mount.log`, log);
  const document = { workspaceId: "rw_abcd1234", intervalMs: 30_000, ...state };
  writeFileSync(`${area}/state.json`, JSON.stringify(document));
  const at = (Date.now() - ageMs) / 1_000;
  utimesSync(`${area}/state.json`, at, at);
  try {
    const ports = () => bunPorts({ cwd: dir.path, env: { HOME: dir.path } });
    const { document: said } = await runCli(`status --mount ${name} --json`, ports());
    const { stdout } = await runCli(`status --mount ${name}`, ports());
    // biome-ignore lint/suspicious/noExplicitAny: the document is judged by its parts.
    return { said: said as any, text: stdout };
  } finally {
    lease?.release();
  }
}

test("a refused credential comes with the commands that say why and bring another", async () => {
  const { said, text } = await statusOf("refused", {
    verdict: "degraded",
    verdictReason: "the credential is refused: revoked",
    authProblem: "revoked",
  });
  expect(said.next).toEqual([
    { argv: ["relayfile", "doctor", "--only", "doctor.*token*"], safe: true },
    { argv: ["relayfile", "workspace", "join", "rw_abcd1234"], safe: false },
  ]);
  expect(text).toContain("next: relayfile workspace join rw_abcd1234");
});

test("a daemon that lives and has not reported in time is not believed", async () => {
  const ok = {
    verdict: "ok",
    verdictReason: "both sides agree",
    lastSuccessfulReconcileAt: new Date().toISOString(),
  };
  const fresh = await statusOf("fresh", ok, { ageMs: 50_000 });
  expect(fresh.said).toMatchObject({ verdict: "ok", next: [] });
  const log = "2026-01-01T00:00:00.000Z info fine\n2026-01-01T00:00:01.000Z error the disk is full\n";
  const { said, text } = await statusOf("silent", ok, { ageMs: 70_000, log });
  expect(said.verdict).toBe("degraded");
  expect(said.reason).toMatch(
    /^the daemon has not reported since \S+Z; its log ends with: 2026-01-01T00:00:01.000Z error the disk is full$/,
  );
  expect(said.next).toEqual([{ argv: ["relayfile", "logs", "rw_abcd1234"], safe: true }]);
  expect(text).toContain("next: relayfile logs rw_abcd1234");
});

test("files that never go up are counted with why, also while all is well", async () => {
  const localOnly = { files: 3, tooLarge: 1, unnamable: 0, links: 2, examples: ["a.bin", "b"] };
  const { said, text } = await statusOf("stays", {
    verdict: "ok",
    verdictReason: "both sides agree, but for 3 files that stay here only",
    localOnly,
  });
  expect(said).toMatchObject({ verdict: "ok", localOnly });
  expect(text).toContain("  3 files stay here only: 1 too large, 2 links (a.bin, b, ...)\n");
});

test("a full disk comes with the log", async () => {
  const { said } = await statusOf("full", {
    verdict: "degraded",
    verdictReason: "the disk is full (/m)",
    lastError: { kind: "error", code: "io_error", message: "the disk is full (/m)" },
  });
  expect(said).toMatchObject({ verdict: "degraded", reason: "the disk is full (/m)" });
  expect(said.next).toEqual([{ argv: ["relayfile", "logs", "rw_abcd1234"], safe: true }]);
});
