import { describe, expect, test } from "bun:test";
import { renderReport } from "../../../verify/render/mod.ts";
import { Report } from "../../../verify/report.ts";
import { slimReport } from "../../../verify/run/slim.ts";
import { readSavedReport } from "../../../verify/saved-report.ts";
import { reportRig } from "../../support/report-rig.ts";
import { runCli } from "../../support/run-cli.ts";

describe("slimReport()", () => {
  test("makes a healthy report much smaller and stays a report", async () => {
    await using rig = await reportRig({ providers: ["linear"] });
    const words = `doctor --json --file-api ${rig.stack.fileApiUrl} --control-plane ${rig.stack.controlPlaneUrl}`;
    const slim = await runCli(words, rig.ports);
    const whole = await runCli(`${words} -v`, rig.ports);
    expect(slim.stdout.length).toBeLessThan(whole.stdout.length * 0.4);
    const [short, full] = [Report.parse(slim.document), Report.parse(whole.document)];
    const decided = full.checks.filter(({ status, flag }) => status !== "skip" || flag !== undefined);
    expect(short.checks.map(({ id, status }) => [id, status])).toEqual(
      decided.map(({ id, status }) => [id, status]),
    );
    expect(short.summary.checks).toEqual(full.summary.checks);
    const bytes = new TextEncoder().encode(slim.stdout);
    expect(readSavedReport(bytes, "slim").checks).toEqual(short.checks);
    expect(short.exchanges.map(({ service }) => service).sort()).toEqual(["control-plane", "file-api"]);
    expect(short.truncated[0]).toMatchObject({ kept: 2, dropped: full.exchanges.length - 2 });
    expect(short.truncated[1]).toMatchObject({
      kept: decided.length,
      dropped: full.checks.length - decided.length,
    });
    expect(full.exchanges.every(({ repro }) => repro.argv[0] === "curl")).toBe(true);
  });

  test("keeps all of what is cited, refused, failed or repeated, and checks with findings as they are", async () => {
    await using rig = await reportRig();
    const report = await rig.doctor({ "file-api": rig.stack.controlPlaneUrl });
    const cited = report.findings.flatMap(({ evidence }) =>
      evidence.flatMap((item) => (item.type === "http" ? [item.exchangeId] : [])),
    );
    const slim = slimReport(report);
    expect(cited.length).toBeGreaterThan(0);
    const kept = slim.exchanges.map(({ id }) => id);
    for (const id of cited) expect(kept).toContain(id);
    for (const { id, response } of report.exchanges)
      if ((response?.status ?? 0) >= 400) expect(kept).toContain(id);
    const found = report.checks.filter(({ findingIds }) => findingIds.length > 0);
    for (const check of found) expect(slim.checks).toContainEqual(check);
    const [first] = report.exchanges;
    if (first === undefined) throw new TypeError("no exchanges");
    const again = { ...first, id: "x999", attempt: 2 };
    expect(slimReport({ ...report, exchanges: [first, again] }).exchanges.map(({ id }) => id)).toEqual([
      first.id,
      "x999",
    ]);
  });

  test("leaves every renderer the same verdict and causes", async () => {
    await using rig = await reportRig();
    const report = await rig.doctor({ "file-api": rig.stack.controlPlaneUrl });
    expect(await renderReport(slimReport(report), "github")).toBe(await renderReport(report, "github"));
    const lines = async (format: "text" | "short", of: Report) =>
      (await renderReport(of, format)).split("\n").filter((line) => !line.startsWith("- "));
    for (const format of ["text", "short"] as const)
      expect(await lines(format, slimReport(report))).toEqual(await lines(format, report));
    expect(await renderReport(slimReport(report), "text")).toContain("skipped, not listed in this report");
    for (const format of ["markdown", "html", "junit"] as const) {
      const text = await renderReport(slimReport(report), format);
      for (const finding of report.findings) expect(text).toContain(finding.code);
    }
  });
});
