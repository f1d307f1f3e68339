import { describe, expect, test } from "bun:test";
import { printable } from "../../../verify/printable.ts";
import { trimBodies } from "../../../verify/render/json.ts";
import { FORMATS, renderReport } from "../../../verify/render/mod.ts";
import { renderShort } from "../../../verify/render/short.ts";
import { PLAIN } from "../../../verify/render/style.ts";
import { renderText } from "../../../verify/render/text.ts";
import { parseReport, Report } from "../../../verify/report.ts";

/** A report with many root causes and texts that try to break out of every format. */
function report(over: Partial<Report> = {}): Report {
  const hostile = `<script>alert("1")</script> | ]]> @everyone \u0007 100 % 'q' \`x\` ::error::`;
  const findings: Report["findings"] = Array.from({ length: 12 }, (_, n) => ({
    id: `f${n}`,
    code: "doctor.bad",
    fingerprint: `p${n}`,
    checkId: "doctor.a",
    phase: "local",
    severity: n === 11 ? "info" : "error",
    confidence: "confirmed",
    title: `problem ${n} ${hostile} ${"long ".repeat(40)}`,
    subject: { kind: "path", ref: "/" },
    role: "root",
    causedBy: [],
    evidence: [{ type: "log", line: hostile }],
    facts: { provider: "jira" },
    ruledOut: ["nothing"],
    refs: ["DR-01"],
    class: "other",
    remediation: { text: hostile, commands: [] },
  }));
  const check = (id: string, status: Report["checks"][number]["status"]): Report["checks"][number] => ({
    id,
    title: id,
    suite: "doctor",
    phase: "local",
    status,
    reason: hostile,
    effect: "read",
    after: [],
    skippedBecause: [],
    refs: [],
    hint: "h",
    exercised: 1,
    startedAt: "2026-05-20T12:00:00.000Z",
    durationMs: 3,
    evidence: [],
    findingIds: id === "doctor.a" ? findings.map((finding) => finding.id) : [],
    prerequisite: false,
  });
  const statuses = ["fail", "pass", "warn", "unknown", "skip"] as const;
  return printable(
    Report.parse({
      $schema: "s",
      schemaVersion: "1.0",
      kind: "relayfile.report",
      command: "doctor",
      reportId: "r",
      runId: "run",
      startedAt: "2026-05-20T12:00:00.000Z",
      finishedAt: "2026-05-20T12:00:01.000Z",
      durationMs: 1000,
      outcome: "fail",
      exitCode: 1,
      exit: "FINDINGS",
      verdict: hostile,
      tool: {
        name: "relayfile",
        version: "0",
        commit: null,
        builtAt: null,
        os: "linux",
        arch: "x64",
        runtime: "bun",
      },
      target: {
        workspaceId: "rw_aaaaaaaa",
        workspaceName: null,
        provider: null,
        fileApi: { baseUrl: "http://h", version: null },
        controlPlane: null,
        mountDir: null,
      },
      identity: [],
      environment: { clockSkewMs: null, proxy: "none", ci: false },
      config: [],
      policy: { failOn: "error", timeoutMs: null, only: [], skip: [], baseline: null },
      summary: {
        checks: { total: 5, pass: 1, warn: 1, fail: 1, unknown: 1, skip: 1 },
        findings: { error: 11, warn: 0, info: 1 },
        requests: { count: 0, p50Ms: 0, p95Ms: 0, slowestMs: 0 },
        exercised: { checks: 4, resources: 0, schemas: 0, digests: 0, ops: 0 },
      },
      rootCauses: findings.slice(0, 11).map((finding) => finding.id),
      checks: ["doctor.a", "doctor.b", "doctor.c", "doctor.d", "doctor.e"].map((id, n) =>
        check(id, statuses[n] ?? "pass"),
      ),
      findings,
      exchanges: [],
      matrix: [{ provider: "jira", phases: { local: "fail" } }],
      nextActions: [
        {
          title: "t",
          why: "w",
          argv: ["relayfile", "explain", "a b"],
          effect: "read",
          safe: true,
          findingIds: [],
        },
      ],
      redactions: { rules: [], count: 0 },
      truncated: [],
      ...over,
    }),
  );
}

describe("formats", () => {
  test("short is at most 25 lines of 100 columns, whatever the report holds", () => {
    const lines = renderShort(report(), PLAIN).split("\n");
    expect(lines.length).toBeLessThanOrEqual(25);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(100);
    expect(lines.at(-1)).toStartWith("FAIL (1)");
  });

  test("text fits a narrow terminal without Unicode, except lines to copy", () => {
    const style = { ...PLAIN, width: 40, unicode: false, mark: () => "[fail]" };
    for (const line of renderText(report(), style).split("\n")) {
      expect(line).toMatch(/^[ -~]*$/);
    }
  });

  test("control characters of a server's text reach no terminal", () => {
    const esc = String.fromCharCode(27);
    expect(JSON.stringify(printable({ a: [`${esc}[2J`, "line\nnext"] }))).toBe(
      '{"a":["\ufffd[2J","line\\nnext"]}',
    );
  });

  test("every format is a pure function of the report", async () => {
    for (const format of FORMATS)
      expect(await renderReport(report(), format)).toBe(await renderReport(report(), format));
  });

  test("a report survives saving and reading; another kind, version or a cut one does not", () => {
    const text = JSON.stringify(report());
    expect(parseReport(text, "f")).toEqual(report());
    expect(() => parseReport(text.slice(0, -40), "f")).toThrow("truncated");
    expect(() => parseReport("{}", "f")).toThrow("not a relayfile report");
    expect(() => parseReport(text.replace('"1.0"', '"2.0"'), "f")).toThrow("report version 2.0");
    expect(() => parseReport(text.replace('"checks":[{', '"checks":[7,{'), "f")).toThrow(
      "not a valid report",
    );
    expect(parseReport(text.replace('"1.0"', '"1.4"').replace("{", '{"future":1,'), "f").schemaVersion).toBe(
      "1.0",
    );
  });

  test("trimBodies() keeps previews only of what is cited or refused", () => {
    const exchange = (id: string, status: number) => ({
      id,
      seq: 1,
      attempt: 1,
      service: "file-api" as const,
      correlationId: "c",
      startedAt: "s",
      request: { method: "GET", url: "u", headers: {}, bodyBytes: 0 },
      response: {
        status,
        headers: {},
        bodyBytes: 9,
        bodySha256: "h",
        bodyPreview: "123456789",
        truncated: false,
      },
      timing: { ttfbMs: 1, totalMs: 1, budgetMs: 1, budgetRatio: 1 },
      repro: { curl: "curl", argv: ["curl"], needsEnv: [], effect: "read" as const },
    });
    const trimmed = trimBodies(report({ exchanges: [exchange("x1", 200), exchange("x2", 404)] }), 4);
    expect(trimmed.exchanges.map((entry) => entry.response?.bodyPreview)).toEqual([undefined, "1234"]);
  });
});
