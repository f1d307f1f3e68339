import { afterAll, describe, expect, test } from "bun:test";
import { makeStyle } from "../../../lib/ui/style.ts";
import { renderShort } from "../../../verify/render/short.ts";
import { hang, markWidth, type TextStyle } from "../../../verify/render/style.ts";
import { renderText } from "../../../verify/render/text.ts";
import type { Report } from "../../../verify/report.ts";
import { FAULTS } from "../../faults/all.ts";
import { openLab } from "../../faults/lab.ts";
import { reportRig } from "../../support/report-rig.ts";

const COLUMNS = 40;
const plain = makeStyle({ color: false, unicode: false, width: COLUMNS });
const lab = openLab();
afterAll(async () => lab[Symbol.asyncDispose]());

/** Lines that are too long although they could have been broken: commands are shown whole, to be pasted. */
function overflowing(text: string): string[] {
  return text.split("\n").filter((line) => {
    const words = line.trim().replace(/^(?:\[[\w?]+\]|\*) /, "");
    const isCommand = /^(?:next: |\$ |relayfile |curl )/.test(words);
    return line.length > COLUMNS && words.includes(" ") && !isCommand;
  });
}

function requireNarrow(report: Report, style: TextStyle = plain): void {
  for (const text of [renderText(report, style), renderShort(report, style)]) {
    expect(overflowing(text)).toEqual([]);
    expect(text).toMatch(/^[\n\x20-\x7e]*$/);
    expect(text).toContain(`(${report.exitCode})`);
  }
}

describe("reports in 40 columns, without colour, in ASCII", () => {
  test("of doctor and verify on a healthy stack", async () => {
    await using rig = await reportRig({ providers: ["linear"] });
    requireNarrow(await rig.doctor());
    for (const what of ["discovery", "digest", "writeback"] as const) requireNarrow(await rig.verify(what));
  });

  for (const id of [
    "nobody-signed-in",
    "server-not-running",
    "two-hosts-refuse",
    "tokens-swapped",
    "mount-root-is-a-file",
    "token-without-scopes-for-sync",
    "digest-budget-eaten-by-aliases",
  ]) {
    test(`of ${id}`, async () => {
      const fault = FAULTS.find((one) => one.id === id);
      if (fault === undefined) throw new Error(`no fault ${id}`);
      await using bench = await lab.bench(fault);
      await fault.inject(bench);
      const { report } = await bench.diagnose(fault.ask, fault.leaps);
      requireNarrow(report);
      const [first] = report.rootCauses;
      if (first !== undefined) expect(renderText(report, plain)).toContain(report.findings[0]?.code ?? "");
    });
  }
});

describe("hang()", () => {
  test("puts further lines below the first word, whatever the mark and its colour take", () => {
    expect(hang("[fail]", "one two three", 14)).toEqual(["[fail] one two", "       three"]);
    expect(hang("\u001b[31mx\u001b[39m", "one two", 6)).toEqual(["\u001b[31mx\u001b[39m one", "  two"]);
    expect(markWidth("\u001b[1m[ok]\u001b[22m")).toBe(4);
  });
});
