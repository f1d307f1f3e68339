import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { escapeHtml, html } from "../../../verify/render/html/markup.ts";
import { STYLE } from "../../../verify/render/html/style.ts";
import { renderHtml } from "../../../verify/render/html.ts";
import { expectGolden } from "../../support/golden.ts";
import { reportOf } from "../../support/report-arbitrary.ts";
import { aCheck, aFinding, anExchange, aReport } from "../../support/report-parts.ts";
import { sampleReport } from "../../support/sample-report.ts";

interface Seen {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Every element of a page, as a browser's parser meets them. */
async function elementsOf(page: string): Promise<Seen[]> {
  const seen: Seen[] = [];
  const rewriter = new HTMLRewriter().on("*", {
    element: (element) => {
      seen.push({ name: element.tagName, attributes: Object.fromEntries([...element.attributes]) });
    },
  });
  await rewriter.transform(new Response(page)).text();
  return seen;
}

const ELEMENTS = new Set(
  `html head meta title style body a header div main aside nav footer section h1 h2 h3 h4 p span strong code pre
   time dl dt dd ul ol li article details summary figure figcaption table thead tbody tr th td fieldset legend
   label input i br`.split(/\s+/),
);
const ATTRIBUTES = new Set(
  `lang charset http-equiv content name class href id style type value checked open scope tabindex role
   aria-label aria-labelledby aria-hidden data-outcome data-exit-code`.split(/\s+/),
);

describe("renderHtml()", () => {
  test("shows causes, charts, matrix, requests and checks, as in the golden", () => {
    const page = renderHtml(sampleReport());
    expectGolden("report/page.html", page);
    for (const text of [
      "Event budget of",
      "Properties of",
      "68 → 0 in the last revision",
      "Ruled out",
      "cloud#778",
      "/ops?status=dead_lettered",
    ]) {
      expect(page).toContain(text);
    }
  });

  test("is a page that says so when nothing is wrong", () => {
    const page = renderHtml(aReport({ checks: [aCheck("doctor.a")] }));
    expect(page).toContain("<h1>Healthy: 1 check decided, 0 problems</h1>");
    expect(page).not.toContain("Root causes");
  });

  test("loads nothing and runs nothing, whatever the report holds", async () => {
    await fc.assert(
      fc.asyncProperty(reportOf(), async (report) => {
        for (const { name, attributes } of await elementsOf(renderHtml(report))) {
          expect(ELEMENTS.has(name) ? "known" : name).toBe("known");
          for (const [key, value] of Object.entries(attributes)) {
            expect(ATTRIBUTES.has(key) ? "known" : `${name} ${key}`).toBe("known");
            if (key === "href") expect(value).toMatch(/^#[a-z]+$/);
            if (key === "id") expect(value).toMatch(/^[a-z]+(?:-(?:\d+|title))?$/);
            if (key === "style") expect(value).toMatch(/^(?:(?:left|width|height):[\d.]+%;?)+$/);
          }
        }
      }),
      { numRuns: 60 },
    );
  }, 30_000);

  test("opens and closes its elements in order, whatever the report holds", () => {
    const voids = new Set(["meta", "input", "br", "!doctype"]);
    fc.assert(
      fc.property(reportOf(), (report) => {
        const open: string[] = [];
        for (const [, slash, name = ""] of renderHtml(report).matchAll(/<(\/?)([a-z!][a-z0-9]*)/g)) {
          if (voids.has(name)) continue;
          if (slash === "") open.push(name);
          else expect(open.pop()).toBe(name);
        }
        expect(open).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  test("stays small for a report that is not, and says what it left out", () => {
    const report = aReport({
      findings: Array.from({ length: 300 }, (_, n) => aFinding(`f${n}`)),
      exchanges: Array.from({ length: 3_000 }, (_, n) => anExchange(`x${n}`, n, 5)),
    });
    const page = renderHtml(report);
    expect(page).toContain("250 more causes are in the JSON report");
    expect(page).toContain("2000 more requests are in the JSON report");
    expect(page.length).toBeLessThan(3_000_000);
  });

  test("gives every request and section one place", async () => {
    const ids = (await elementsOf(renderHtml(sampleReport()))).flatMap(
      ({ attributes }) => attributes.id ?? [],
    );
    expect(new Set(ids).size).toBe(ids.length);
    const links = (await elementsOf(renderHtml(sampleReport()))).flatMap(
      ({ attributes }) => attributes.href ?? [],
    );
    for (const link of links) expect(ids).toContain(link.slice(1));
  });
});

describe("html``", () => {
  test("escapes text and keeps what templates made", () => {
    expect(html`<b title="${`"'<`}">${["a&b", html`<i>${1}</i>`, null, false]}</b>`.text).toBe(
      '<b title="&quot;&#39;&lt;">a&amp;b<i>1</i></b>',
    );
    expect(escapeHtml("\0\ud800`")).toBe("\ufffd\ufffd&#96;");
  });

  test("the style sheet cannot end its element", () => {
    expect(STYLE).not.toMatch(/<|url\(|@import/);
  });
});
