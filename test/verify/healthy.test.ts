import { describe, expect, test } from "bun:test";
import { reportRig } from "../support/report-rig.ts";

describe("healthy stacks give no warning (design decision 26)", () => {
  test("a fresh serve", async () => {
    await using rig = await reportRig();
    const report = await rig.doctor();
    expect(report).toMatchObject({ outcome: "pass", exitCode: 0, rootCauses: [] });
    expect(report.summary.findings).toEqual({ error: 0, warn: 0, info: 0 });
  });

  test("a serve with data of three providers", async () => {
    await using rig = await reportRig({ providers: ["linear", "jira"] });
    await rig.ingestGithub();
    for (const report of [
      await rig.doctor(),
      await rig.verify("discovery"),
      await rig.verify("digest"),
      await rig.verify("writeback"),
    ]) {
      expect(report).toMatchObject({ outcome: "pass", exitCode: 0, rootCauses: [] });
      expect(report.summary.findings).toMatchObject({ error: 0, warn: 0 });
      expect(report.summary.exercised.checks).toBeGreaterThan(4);
    }
  });

  test("a serve with data and a mount", async () => {
    await using rig = await reportRig({ providers: ["linear"] });
    await rig.ingestGithub();
    await rig.mount();
    const report = await rig.doctor();
    expect(report).toMatchObject({ outcome: "pass", exitCode: 0, rootCauses: [] });
    const mount = report.checks.filter((check) => check.id.startsWith("doctor.mount"));
    expect(mount.filter((check) => check.status === "pass").length).toBeGreaterThanOrEqual(2);
  });
});

describe("a suite that judged nothing is no pass (design decision 22)", () => {
  test("verify on an empty workspace is undetermined", async () => {
    await using rig = await reportRig();
    for (const what of ["discovery", "digest", "writeback"] as const) {
      const report = await rig.verify(what);
      expect(report).toMatchObject({ outcome: "unknown", exitCode: 3 });
      expect(report.findings.map((finding) => finding.code)).toContain(`${what}.nothing-verified`);
    }
  });

  test("verify of a provider without data is undetermined beside one with data", async () => {
    await using rig = await reportRig({ providers: ["linear"] });
    expect((await rig.verify("discovery", { provider: "linear" })).exitCode).toBe(0);
    expect((await rig.verify("discovery", { provider: "jira" })).exitCode).toBe(3);
  });
});
