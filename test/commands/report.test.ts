import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { bunPorts } from "../../lib/runtime/bun/ports.ts";
import { FORMATS } from "../../verify/render/mod.ts";
import { aReport } from "../support/report-parts.ts";
import { runCli } from "../support/run-cli.ts";
import { sampleReport } from "../support/sample-report.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

let dir: TempDir;
const ports = (env: Record<string, string> = {}) =>
  bunPorts({ env: { HOME: dir.path, RELAYFILE_HOME: dir.join("home"), ...env }, cwd: dir.path });
const run = (line: string, stdin = "") => runCli(line, ports(), stdin);
const write = (name: string, value: unknown) =>
  writeFileSync(dir.join(name), typeof value === "string" ? value : JSON.stringify(value));

beforeAll(() => {
  dir = tempDir("relayfile-reports-");
  write("sick.json", sampleReport());
  write(
    "well.json",
    aReport({
      checks: sampleReport().checks.map((check) => ({
        ...check,
        status: "pass",
        findingIds: [],
        skippedBecause: [],
      })),
    }),
  );
});
afterAll(() => dir.remove());

describe("report render", () => {
  test("shows a saved report in every format on stdout and in a file", async () => {
    for (const format of FORMATS) {
      const shown = await run(`report render sick.json --to ${format}`);
      expect([format, shown.exit, shown.stderr]).toEqual([format, 0, ""]);
      expect(shown.stdout).toMatch(/FAIL|"fail"/);
      const filed = await run(`report render sick.json --to ${format} --out out.${format} --json`);
      expect(filed.document).toMatchObject({ kind: "relayfile.report-rendered", format });
      const text = readFileSync(dir.join(`out.${format}`), "utf8");
      if (format !== "json") expect(text).toBe(shown.stdout);
    }
  });

  test("--json prints the report and nothing else, whatever --to says", async () => {
    for (const format of FORMATS)
      expect((await run(`report render sick.json --to ${format} --json`)).document.kind).toBe(
        "relayfile.report",
      );
  });

  test("reads standard input", async () => {
    const shown = await run("report render - --to short", JSON.stringify(sampleReport()));
    expect([shown.exit, shown.stdout.trimEnd().split("\n").at(-1)?.slice(0, 8)]).toEqual([0, "FAIL (1)"]);
  });

  const bad: [name: string, make: () => void, path: string, message: string][] = [
    ["a file that is not there", () => {}, "nowhere.json", "cannot read nowhere.json (ENOENT)"],
    ["a directory", () => mkdirSync(dir.join("folder")), "folder", "folder is no file (directory)"],
    [
      "a file of 100 MB",
      () => {
        write("huge.json", "");
        truncateSync(dir.join("huge.json"), 100_000_000);
      },
      "huge.json",
      "huge.json is 100000000 bytes",
    ],
    [
      "a link to a file of 100 MB",
      () => symlinkSync(dir.join("huge.json"), dir.join("link.json")),
      "link.json",
      "link.json is 100000000 bytes",
    ],
    [
      "half a report",
      () => write("half.json", JSON.stringify(sampleReport()).slice(0, 4_000)),
      "half.json",
      "half.json is not JSON",
    ],
    [
      "a newer report",
      () => write("newer.json", { ...sampleReport(), schemaVersion: "3.0" }),
      "newer.json",
      "report version 3.0",
    ],
  ];
  for (const [name, make, path, message] of bad) {
    test(`refuses ${name} with exit 2, a hint and one error document`, async () => {
      make();
      const failed = await run(`report render ${path} --json`);
      expect(failed.exit).toBe(2);
      const { error } = failed.document as { error: { code: string; message: string; hint: string } };
      expect(error.code).toBe("invalid_input");
      expect(error.message).toContain(message);
      expect(error.hint.length).toBeGreaterThan(5);
    });
  }
});

describe("report diff", () => {
  test("exits 1 on new findings and 0 the other way round", async () => {
    const worse = await run("report diff well.json sick.json --json");
    expect([worse.exit, worse.document.exit, (worse.document.new as unknown[]).length]).toEqual([
      1,
      "FINDINGS",
      5,
    ]);
    const better = await run("report diff sick.json well.json --json");
    expect([better.exit, (better.document.fixed as unknown[]).length]).toEqual([0, 5]);
  });

  test("says the same verdict and exit in every format", async () => {
    for (const format of ["text", "json", "markdown", "md"]) {
      const shown = await run(`report diff well.json sick.json --to ${format}`);
      expect([format, shown.exit]).toEqual([format, 1]);
      expect(shown.stdout).toContain("5 new findings");
      const filed = await run(`report diff well.json sick.json --to ${format} --out diff.${format}`);
      expect([filed.exit, readFileSync(dir.join(`diff.${format}`), "utf8")]).toEqual([1, shown.stdout]);
    }
  });
});
