import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MAY_2026_ERA } from "../../lib/model/era.ts";
import type { Report } from "../../verify/report.ts";
import { reportRig } from "../support/report-rig.ts";
import { runCli } from "../support/run-cli.ts";

describe("--baseline", () => {
  test("forgives what an earlier report of the same stack had, and nothing else", async () => {
    await using rig = await reportRig({ providers: ["linear"], era: MAY_2026_ERA });
    await rig.flood(2_100);
    const evidence = join(rig.directory, "evidence");
    const first = join(rig.directory, "first.json");
    const judge = (...flags: string[]) =>
      runCli(["verify", "digest", "--from-evidence", evidence, "--json", ...flags], rig.ports);
    await rig.verify("digest", { "save-evidence": evidence });
    expect((await judge("--report", `json=${first}`)).document.exit).toBe("FINDINGS");
    const same = await judge("--baseline", first);
    expect([same.exit, same.document.outcome, same.document.exit]).toEqual([0, "pass", "PASS"]);
    expect(same.document.verdict).toStartWith("nothing new since the baseline, which knows ");
    const earlier = JSON.parse(readFileSync(first, "utf8")) as Report;
    const kept = earlier.findings.filter((finding) => finding.code !== "digest.budget-eaten");
    const [root] = earlier.findings.filter((finding) => !kept.includes(finding));
    const { error, warn, info } = earlier.summary.findings;
    writeFileSync(
      first,
      JSON.stringify({
        ...earlier,
        rootCauses: earlier.rootCauses.filter((id) => id !== root?.id),
        findings: kept.map((finding) => ({ ...finding, causedBy: [] })),
        checks: earlier.checks.map((check) => ({
          ...check,
          findingIds: check.findingIds.filter((id) => id !== root?.id),
        })),
        summary: { ...earlier.summary, findings: { error: error - 1, warn, info } },
      }),
    );
    const news = await judge("--baseline", first);
    expect([news.exit, news.document.exit]).toEqual([1, "FINDINGS"]);
    expect(news.document.verdict).toBe(root?.title ?? "");
  }, 60_000);

  test("is read before anything is asked", async () => {
    let calls = 0;
    await using rig = await reportRig({
      wrapFetch: (real) => (request) => {
        calls++;
        return real(request);
      },
    });
    writeFileSync(join(rig.directory, "bad.json"), "{}");
    const failed = await runCli("doctor --baseline bad.json --json", rig.ports);
    expect([failed.exit, (failed.document.error as { code: string }).code, calls]).toEqual([
      2,
      "invalid_input",
      0,
    ]);
  });
});
