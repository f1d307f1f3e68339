import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { FORMATS, type Format, renderReport } from "../../../verify/render/mod.ts";
import type { Report } from "../../../verify/report.ts";
import { reportOf } from "../../support/report-arbitrary.ts";
import { parseXml, type XmlElement } from "../../support/strict-xml.ts";

/** What a reader of one format alone learns. */
interface Told {
  readonly outcome: string;
  readonly exitCode: number;
}

const fromWords = (text: string | undefined): Told => {
  const [, word, code] = /(PASS|WARN|FAIL|UNKNOWN|INTERRUPTED)\D*?\((?:exit )?(\d+)/.exec(text ?? "") ?? [];
  return { outcome: word?.toLowerCase() ?? "none", exitCode: Number(code) };
};
const lastLine = (text: string) => text.trimEnd().split("\n").at(-1);
const markdown = (text: string) =>
  fromWords(/^\*\*[A-Z]+\*\* \(exit \d+/m.exec(text)?.[0].replaceAll("*", ""));

const READERS: Readonly<Record<Format, (text: string) => Told | Promise<Told>>> = {
  json: (text) => JSON.parse(text) as Report,
  text: (text) => fromWords(lastLine(text)),
  short: (text) => fromWords(lastLine(text)),
  markdown,
  md: markdown,
  html: async (text) => {
    let told: Told = { outcome: "none", exitCode: -1 };
    const rewriter = new HTMLRewriter().on("header", {
      element: (element) => {
        const code = element.getAttribute("data-exit-code");
        if (code === null) return;
        told = { outcome: element.getAttribute("data-outcome") ?? "", exitCode: Number(code) };
      },
    });
    await rewriter.transform(new Response(text)).text();
    return told;
  },
  junit: (text) => {
    const all = (root: XmlElement): XmlElement[] => [root, ...root.children.flatMap(all)];
    const value = (name: string) =>
      all(parseXml(text)).find((one) => one.attributes.name === `relayfile.${name}`)?.attributes.value;
    return { outcome: value("outcome") ?? "none", exitCode: Number(value("exitCode")) };
  },
  github: (text) => fromWords(lastLine(text)?.replace(/^::\w+ title=[^:]*::/, "")),
  ndjson: (text) => JSON.parse(lastLine(text) ?? "{}") as Told,
  curl: (text) => fromWords(text.split("\n")[2]),
};

describe("every format", () => {
  test("tells the same verdict and exit code, whatever the report holds", async () => {
    await fc.assert(
      fc.asyncProperty(reportOf(), async (report) => {
        for (const format of FORMATS) {
          const { outcome, exitCode } = await READERS[format](await renderReport(report, format));
          expect({ format, outcome, exitCode }).toEqual({
            format,
            outcome: report.outcome,
            exitCode: report.exitCode,
          });
        }
      }),
      { numRuns: 80 },
    );
  }, 60_000);
});
