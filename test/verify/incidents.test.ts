import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { MAY_2026_ERA } from "../../lib/model/era.ts";
import { renderHtml } from "../../verify/render/html.ts";
import { renderShort } from "../../verify/render/short.ts";
import { PLAIN } from "../../verify/render/style.ts";
import { renderText } from "../../verify/render/text.ts";
import { curlOf } from "../../verify/render/words.ts";
import type { Report } from "../../verify/report.ts";
import { type ReportRig, reportRig, rootFindings } from "../support/report-rig.ts";

describe("the three planted incidents, by their real mechanism (S19, S27, S36)", () => {
  let rig: ReportRig;
  const reports: Record<string, Report> = {};

  beforeAll(async () => {
    rig = await reportRig({ providers: ["linear", "jira"], era: MAY_2026_ERA });
    await rig.flood(2_100);
    await rig.ingestGithub();
    const mirror = await rig.mount();
    await mirror.saveRefusedFile(new AbortController().signal);
    reports.doctor = await rig.doctor();
    reports.discovery = await rig.verify("discovery");
    reports.digest = await rig.verify("digest");
    reports.writeback = await rig.verify("writeback");
  }, 60_000);
  afterAll(async () => rig[Symbol.asyncDispose]());

  const only = (name: string) => {
    const roots = rootFindings(reports[name] as Report);
    expect(roots).toHaveLength(1);
    return roots[0] as Report["findings"][number];
  };

  test("verify discovery names cloud#778, confirmed, and folds its effects", () => {
    const root = only("discovery");
    expect(root.code).toBe("discovery.row-alias-mismatch");
    expect(root.subject.ref).toBe("/jira/issues");
    expect(root.knownIssue).toMatchObject({ id: "cloud#778", confidence: "confirmed", missing: [] });
    const folded = (reports.discovery as Report).findings.filter((finding) =>
      finding.causedBy.includes(root.id),
    );
    expect(folded.map((finding) => finding.code).sort()).toEqual([
      "discovery.backfilled-but-empty",
      "discovery.empty-schema",
      "discovery.schema-older-than-refresh",
    ]);
  });

  test("verify digest names the prefix that eats the budget (cloud#771)", () => {
    const root = only("digest");
    expect(root).toMatchObject({ code: "digest.budget-eaten", knownIssue: { id: "cloud#771" } });
    expect(root.subject.ref).toBe("/linear/issues/by-project");
  });

  test("verify writeback names the rejected write (relayfile#84)", () => {
    const root = only("writeback");
    expect(root).toMatchObject({ code: "writeback.provider-rejected", knownIssue: { id: "relayfile#84" } });
    expect(root.facts).toMatchObject({ provider: "jira", lastStatus: 400, recordedLocally: true });
  });

  test("doctor names all three as root causes, cloud#778 only as likely without a refresh", () => {
    const roots = rootFindings(reports.doctor as Report);
    const issues = roots.flatMap((finding) => finding.knownIssue ?? []);
    expect(issues.map((issue) => issue.id).sort()).toEqual(["cloud#771", "cloud#778", "relayfile#84"]);
    expect(issues.find((issue) => issue.id === "cloud#778")?.confidence).toBe("likely");
    expect(roots.filter((finding) => finding.severity === "error")).toHaveLength(3);
  });

  test("the page of a discovery report shows how the schema next door grew while this one did not", () => {
    const page = renderHtml(reports.discovery as Report);
    expect(page).toContain("Properties of <code>/discovery/jira/projects/.schema.json</code>");
    expect(page).toContain("2 revisions, 0 → ");
    const [root] = rootFindings(reports.discovery as Report);
    expect(root?.ruledOut.join()).toContain("sampling that does not run");
    expect(root?.facts.propertyHistory).toHaveLength(1);
  });

  test("every report is a failure with exit 1, evidence and a next command", () => {
    for (const report of Object.values(reports)) {
      expect(report).toMatchObject({ outcome: "fail", exit: "FINDINGS", exitCode: 1 });
      expect(report.nextActions[0]?.argv[0]).toBe("relayfile");
      for (const root of rootFindings(report)) expect(curlOf(report, root)?.repro.curl).toStartWith("curl ");
    }
  });

  test("text says the cause, the issue and the verdict last; short fits 25 lines of 100 columns", () => {
    for (const report of Object.values(reports)) {
      const text = renderText(report, PLAIN);
      for (const root of rootFindings(report)) {
        expect(text).toContain(root.code);
        if (root.knownIssue !== undefined) expect(text).toContain(root.knownIssue.id);
      }
      expect(text.trimEnd().split("\n").at(-1)).toStartWith("FAIL (1)");
      const lines = renderShort(report, PLAIN).split("\n");
      expect(lines.length).toBeLessThanOrEqual(25);
      expect(lines.at(-1)).toStartWith("FAIL (1)");
    }
  });

  test("curl lines of reads reproduce their status in a real shell", async () => {
    const env = { ...process.env, RELAYFILE_TOKEN: rig.token(), RELAYFILE_CLOUD_TOKEN: "none" };
    const cloud = await Bun.file(rig.stack.cloudTokenFile).json();
    env.RELAYFILE_CLOUD_TOKEN = cloud.accessToken;
    const reads = Object.values(reports)
      .flatMap((report) => report.exchanges)
      .filter((exchange) => exchange.repro.effect === "read" && exchange.response !== undefined);
    // One of each kind of answer and route is enough, and all refusals.
    const kinds = new Map(
      reads.map((exchange) => [
        `${exchange.response?.status} ${new URL(exchange.request.url).pathname}`,
        exchange,
      ]),
    );
    expect(kinds.size).toBeGreaterThan(10);
    for (const exchange of kinds.values()) {
      const shell = Bun.spawn(["sh", "-c", `${exchange.repro.curl} -o /dev/null -w '%{http_code}'`], {
        env,
        stdout: "pipe",
      });
      const printed = await new Response(shell.stdout).text();
      expect(`${exchange.id} ${printed.slice(-3)}`).toBe(`${exchange.id} ${exchange.response?.status}`);
    }
  }, 60_000);

  test("write lines are parsed by a shell, not run", async () => {
    const others = Object.values(reports)
      .flatMap((report) => report.exchanges)
      .filter((exchange) => exchange.repro.effect !== "read");
    expect(others.length).toBeGreaterThan(0);
    for (const exchange of others) {
      const shell = Bun.spawn(["sh", "-n", "-c", exchange.repro.curl], {
        stdout: "ignore",
        stderr: "ignore",
      });
      expect(await shell.exited).toBe(0);
    }
  });
});
