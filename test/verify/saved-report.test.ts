import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isRelayfileError } from "../../lib/errors.ts";
import { inconsistencies, readSavedReport } from "../../verify/saved-report.ts";
import { reportOf } from "../support/report-arbitrary.ts";
import { aReport } from "../support/report-parts.ts";
import { sampleReport } from "../support/sample-report.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const saved = () => JSON.stringify(sampleReport(), null, 2);

/** The message of the typed error that reading must end in. */
function refusal(input: string | Uint8Array): string {
  try {
    readSavedReport(typeof input === "string" ? bytes(input) : input, "old.json");
  } catch (thrown) {
    if (!isRelayfileError(thrown, "invalid_input")) throw thrown;
    expect(thrown.hint).not.toBe("");
    return thrown.message;
  }
  throw new Error("it was read");
}

describe("readSavedReport()", () => {
  test("reads what was written", () => {
    expect(readSavedReport(bytes(saved()), "old.json")).toEqual(JSON.parse(saved()));
  });

  test("reads a newer minor version and ignores what it adds", () => {
    const newer = saved().replace('"1.0"', '"1.7"').replace("{", '{"invented": {"a": 1},');
    expect(readSavedReport(bytes(newer), "old.json").schemaVersion).toBe("1.0");
  });

  const cases: [name: string, input: string | Uint8Array, message: string][] = [
    ["an empty file", "", "old.json is empty"],
    ["a truncated file", saved().slice(0, -200), "old.json is not JSON: it is truncated or not a report"],
    ["bytes that are no text", new Uint8Array([0x7b, 0xff, 0xfe]), "old.json is not UTF-8 text"],
    ["a newer major version", saved().replace('"1.0"', '"2.0"'), "old.json has report version 2.0"],
    [
      "a document of another kind",
      '{"schemaVersion":"1.0","kind":"relayfile.demo","reports":{}}',
      "old.json is a relayfile.demo document, not a report",
    ],
    [
      "an error document",
      '{"schemaVersion":"1.0","kind":"relayfile.error","error":{}}',
      "old.json is a relayfile.error document",
    ],
    [
      "events",
      '{"v":1,"seq":1,"type":"run.started"}\n{"v":1}',
      "old.json holds the events of a run, not its report",
    ],
    ["a page", "<!doctype html>\n<html>", "old.json is a rendered report"],
    ["JSON of others", '{"name":"x"}', "old.json is not a relayfile report"],
    ["a list", "[1,2]", "old.json is not a relayfile report"],
    ["null", "null", "old.json is not a relayfile report"],
    [
      "a check that is none",
      saved().replace(/"checks": \[\s*\{/, '"checks": [7,{'),
      "old.json is not a valid report: checks.0",
    ],
    [
      "an exit code edited by hand",
      saved().replace('"exitCode": 1', '"exitCode": 0'),
      "exit FINDINGS is not code 0",
    ],
    [
      "an outcome edited by hand",
      saved().replace('"outcome": "fail"', '"outcome": "pass"'),
      "its outcome is pass although it holds errors",
    ],
    [
      "a status edited by hand",
      saved().replace('"status": "fail"', '"status": "pass"'),
      "it counts 2 checks as pass and holds 3",
    ],
    ["a finding taken out", saved().replace('"f2"', '"f9"'), "finding f9 is referred to and not there"],
    [
      "nesting without end",
      `{"kind":"relayfile.report","schemaVersion":"1.0","x":${"[".repeat(200_000)}${"]".repeat(200_000)}}`,
      "",
    ],
  ];
  for (const [name, input, message] of cases) {
    test(`refuses ${name} with a typed error and a hint`, () => {
      expect(refusal(input)).toContain(message);
    });
  }

  test("never fails in any other way, wherever a report is cut", () => {
    const text = JSON.stringify(aReport());
    fc.assert(
      fc.property(fc.nat(text.length - 1), (length) => {
        expect(refusal(text.slice(0, length))).not.toBe("");
      }),
      { numRuns: 200 },
    );
  });

  test("reads every report that a run could have written", () => {
    fc.assert(
      fc.property(reportOf(), (report) => {
        expect(inconsistencies(report)).toEqual([]);
        const { verdict, exitCode } = readSavedReport(bytes(JSON.stringify(report)), "old.json");
        expect([verdict.toWellFormed(), exitCode]).toEqual([report.verdict.toWellFormed(), report.exitCode]);
      }),
      { numRuns: 60 },
    );
  });
});
