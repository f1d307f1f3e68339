import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { printable } from "../../../verify/printable.ts";
import { renderMarkdown } from "../../../verify/render/markdown.ts";
import { cellCode, fenced, inlineCode, prose, row } from "../../../verify/render/markdown-text.ts";
import { expectGolden } from "../../support/golden.ts";
import { HOSTILE, hostileText, reportOf } from "../../support/report-arbitrary.ts";
import { aReport } from "../../support/report-parts.ts";
import { sampleReport } from "../../support/sample-report.ts";

/** Element names of the HTML that a Markdown text becomes, and its text. */
async function elementsOf(
  markdown: string,
): Promise<{ names: string[]; attributes: string[]; text: string }> {
  const names: string[] = [];
  const attributes: string[] = [];
  let text = "";
  const html = Bun.markdown.html(markdown, { tables: true, tasklists: true });
  await new HTMLRewriter()
    .on("*", {
      element: (element) => {
        names.push(element.tagName);
        for (const [name, value] of element.attributes) attributes.push(`${name}=${value}`);
      },
    })
    .onDocument({
      text: (chunk) => {
        text += chunk.text;
      },
    })
    .transform(new Response(html))
    .text();
  return { names, attributes, text };
}

const plainNames = new Set(
  "h2 h3 h4 p ul li strong code pre table thead tbody tr th td details summary input".split(" "),
);

describe("renderMarkdown()", () => {
  test("follows the issue template, as in the golden", () => {
    const text = renderMarkdown(sampleReport());
    expectGolden("report/issue.md", text);
    const headings = [...text.matchAll(/^### (.+)$/gm)].map((match) => match[1]);
    expect(headings).toEqual([
      "Summary",
      "Empirical evidence",
      "Repro",
      "Suspected root cause (hypothesis)",
      "Why it matters",
      "Asks",
      "Context",
    ]);
  });

  test("has only a summary and context when nothing is wrong", () => {
    const headings = [...renderMarkdown(aReport()).matchAll(/^### (.+)$/gm)].map((match) => match[1]);
    expect(headings).toEqual(["Summary", "Context"]);
  });

  test("keeps every table whole and lets no text become markup, whatever the report holds", async () => {
    await fc.assert(
      fc.asyncProperty(reportOf(), async (report) => {
        const markdown = renderMarkdown(report);
        const { names, attributes } = await elementsOf(markdown);
        expect(names.filter((name) => !plainNames.has(name))).toEqual([]);
        expect(attributes.filter((one) => !/^(?:class|type|disabled|align|style)=/.test(one))).toEqual([]);
        // One row per check and provider, and no cell more or less than the header has.
        const tables = Bun.markdown.html(markdown, { tables: true }).split("<table>").slice(1);
        for (const table of tables) {
          const [head = "", ...rows] = table.split("</table>")[0]?.split("<tr>").slice(1) ?? [];
          const width = head.split("<th").length;
          for (const one of rows) expect(one.split("<td").length).toBe(width);
        }
        expect(tables.at(-1)?.split("<tr>").length).toBe(report.checks.length + 2);
      }),
      { numRuns: 60 },
    );
  }, 30_000);
});

describe("text inside Markdown", () => {
  test("prose() shows exactly the text, in a paragraph, a list and a cell", async () => {
    await fc.assert(
      fc.asyncProperty(hostileText, async (text) => {
        const markdown = [
          prose(text),
          "",
          `- ${prose(text)}`,
          "",
          row(["a", "b"]),
          "|---|---|",
          row([prose(text), ""]),
        ];
        const seen = await elementsOf(markdown.join("\n"));
        expect(seen.names.filter((name) => !plainNames.has(name))).toEqual([]);
        expect(seen.names.filter((name) => name === "td").length).toBe(2);
        const shown = text.replace(/\s+/g, " ").trim();
        const words = decoded(seen.text)
          .replaceAll("\u200b", "")
          .split("\n")
          .filter((line) => line !== "");
        if (shown !== "" && printable(text) === text)
          expect(words.filter((line) => line === shown).length).toBe(3);
      }),
      { numRuns: 200 },
    );
  });

  test("code keeps its text whatever backticks and bars it holds", () => {
    for (const text of HOSTILE.filter((one) => one.trim() !== "" && printable(one) === one)) {
      const single = text.replace(/\s+/g, " ").trim();
      const html = Bun.markdown.html(
        `${inlineCode(text)}\n\n${row(["a", "b"])}\n|---|---|\n${row([cellCode(text), "z"])}`,
        {
          tables: true,
        },
      );
      const codes = [...html.matchAll(/<code>(.*?)<\/code>/gs)].map((match) => decoded(match[1] ?? ""));
      expect(codes).toEqual([single, single]);
    }
  });

  test("fenced() is never closed by its content", () => {
    const html = Bun.markdown.html(fenced("sh", ["a", "```", "````", "b"]).join("\n"));
    expect(html.match(/<pre>/g)).toHaveLength(1);
    expect(html).toEndWith("</code></pre>\n");
  });
});

function decoded(html: string): string {
  return html
    .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&");
}
