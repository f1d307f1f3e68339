import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { announced } from "../../commands/_github.ts";
import { bunPorts } from "../../lib/runtime/bun/ports.ts";
import { prefaceOf } from "../../verify/render/presentation.ts";
import { runCli } from "../support/run-cli.ts";
import { sampleReport } from "../support/sample-report.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

const world = (dir: TempDir, env: Record<string, string>) =>
  bunPorts({ env: { HOME: dir.path, RELAYFILE_HOME: dir.join("home"), ...env }, cwd: dir.path });

function announce(dir: TempDir, env: Record<string, string>, json = false) {
  const document = sampleReport() as ReturnType<typeof sampleReport> & { kind: "relayfile.report" };
  announced(
    { document, exit: "FINDINGS" },
    {
      ports: world(dir, env),
      globals: { json, quiet: false, verbosity: 0, color: false, input: false, timeoutMs: null },
      signal: new AbortController().signal,
      ready() {},
      write() {},
    },
  );
  return prefaceOf(document);
}

describe("announced()", () => {
  test("does nothing outside GitHub Actions", () => {
    using dir = tempDir();
    const summary = dir.join("summary.md");
    expect(announce(dir, { GITHUB_STEP_SUMMARY: summary })).toBe("");
    expect(existsSync(summary)).toBe(false);
  });

  test("appends to the step summary and puts annotations before the text", () => {
    using dir = tempDir();
    const summary = dir.join("summary.md");
    writeFileSync(summary, "# before\n");
    const annotations = announce(dir, { GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: summary });
    expect(annotations.split("\n").filter((line) => line.startsWith("::error "))).toHaveLength(4);
    expect(readFileSync(summary, "utf8")).toStartWith("# before\n\n## 99 % of the digest's budget");
  });

  test("keeps stdout one document under --json", () => {
    using dir = tempDir();
    const summary = dir.join("summary.md");
    expect(announce(dir, { GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: summary }, true)).toBe("");
    expect(existsSync(summary)).toBe(true);
  });

  test("fills the summary up to its cap and never beyond", () => {
    using dir = tempDir();
    const summary = dir.join("summary.md");
    const cap = 1024 * 1024;
    for (const used of [cap - 2_000, cap - 10, cap]) {
      writeFileSync(summary, "x".repeat(used));
      announce(dir, { GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: summary });
      expect(readFileSync(summary).byteLength).toBeLessThanOrEqual(cap);
    }
  });

  test("a summary that cannot be written changes nothing else", () => {
    using dir = tempDir();
    const env = { GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: dir.join("missing", "summary.md") };
    expect(announce(dir, env)).toContain("::error ");
  });

  test("doctor prints annotations first and its verdict last", async () => {
    using dir = tempDir();
    const ports = world(dir, {
      GITHUB_ACTIONS: "true",
      GITHUB_STEP_SUMMARY: dir.join("summary.md"),
      RELAYFILE_BASE_URL: "http://127.0.0.1:9",
    });
    const text = await runCli("doctor --only doctor.file-api-answers --fail-on info", ports);
    const lines = text.stdout.trimEnd().split("\n");
    expect(lines[0]).toStartWith("::");
    expect(lines.at(-1)).toMatch(/^[A-Z]+ \(\d+\)/);
    const json = await runCli("doctor --only doctor.file-api-answers --json", ports);
    expect(json.document.kind).toBe("relayfile.report");
    expect(readFileSync(dir.join("summary.md"), "utf8").match(/### Summary/g)).toHaveLength(2);
  });
});
