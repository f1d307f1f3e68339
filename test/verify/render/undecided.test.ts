import { describe, expect, test } from "bun:test";
import { PLAIN } from "../../../verify/render/style.ts";
import { renderText } from "../../../verify/render/text.ts";
import { undecidedChecks } from "../../../verify/render/undecided.ts";
import { aCheck, aFinding, aReport } from "../../support/report-parts.ts";

const unknown = (id: string, reason: string, findingIds: string[] = []) =>
  aCheck(id, { status: "unknown", reason, findingIds });

describe("undecidedChecks()", () => {
  test("counts checks that only repeat a cause or what it explains", () => {
    const report = aReport({
      rootCauses: ["f1"],
      findings: [aFinding("f1"), aFinding("f2", { role: "consequence", causedBy: ["f1"] })],
      checks: [unknown("doctor.a", "down", ["f1"]), unknown("doctor.b", "down too", ["f2"])],
    });
    expect(undecidedChecks(report)).toEqual({
      own: [],
      lines: ["2 checks could not decide, for the causes above"],
    });
  });

  test("tells checks of one reason together, and others by themselves", () => {
    const one = unknown("doctor.z", "another reason");
    const checks = ["a", "b", "c"].map((name) =>
      unknown(`doctor.${name}`, "the tree could not be read (500)"),
    );
    const report = aReport({ rootCauses: [], findings: [], checks: [...checks, one] });
    expect(undecidedChecks(report)).toEqual({
      own: [one],
      lines: ["3 checks could not decide: the tree could not be read (500)"],
    });
    const text = renderText(report, PLAIN);
    expect(text).toContain("? doctor.z");
    expect(text).not.toContain("doctor.b");
  });
});
