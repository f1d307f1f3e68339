import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { renderNdjson } from "../../../verify/render/ndjson.ts";
import { RunEventSchema } from "../../../verify/run/events.ts";
import { expectGolden } from "../../support/golden.ts";
import { reportOf } from "../../support/report-arbitrary.ts";
import { sampleReport } from "../../support/sample-report.ts";

describe("renderNdjson()", () => {
  test("tells the run in order, as in the golden", () => {
    expectGolden("report/events.ndjson", renderNdjson(sampleReport()));
  });

  test("is a valid stream of events whose last line is the verdict, whatever the report holds", () => {
    fc.assert(
      fc.property(reportOf(), (report) => {
        const events = renderNdjson(report)
          .trimEnd()
          .split("\n")
          .map((line) => RunEventSchema.parse(JSON.parse(line)));
        expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
        expect(events.map((event) => event.at)).toEqual(events.map((event) => event.at).sort());
        expect(events[0]?.type).toBe("run.started");
        expect(events.at(-1)).toMatchObject({
          type: "run.finished",
          outcome: report.outcome,
          exitCode: report.exitCode,
          exit: report.exit,
        });
        expect(events.filter((event) => event.type === "exchange")).toHaveLength(report.exchanges.length);
        expect(events.filter((event) => event.type === "check.finished")).toHaveLength(report.checks.length);
      }),
      { numRuns: 60 },
    );
  });
});
