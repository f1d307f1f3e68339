import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import type { Page } from "playwright-core";
import { renderHtml } from "../../verify/render/html.ts";
import { renderJunit } from "../../verify/render/junit.ts";
import { renderMarkdown } from "../../verify/render/markdown.ts";
import type { Report } from "../../verify/report.ts";
import { openChromium, type TestBrowser } from "../support/chromium.ts";
import {
  ANATOMY,
  EVIDENCE_FOCUSED,
  FAINT_TEXTS,
  FOCUS_OUTLINE,
  FOCUSED_TEXT,
  OVERFLOW,
  parsedInPage,
} from "../support/page-probes.ts";
import { reportOf } from "../support/report-arbitrary.ts";
import { aCheck, aReport } from "../support/report-parts.ts";
import { sampleReport } from "../support/sample-report.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

/** Where to keep the screenshots; without it they are only taken. */
const KEEP = process.env.RELAYFILE_SCREENSHOTS;

let browser: TestBrowser;
let dir: TempDir;
beforeAll(async () => {
  browser = await openChromium();
  dir = tempDir("relayfile-page-");
}, 60_000);
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  dir.remove();
});

const VIEWS = [
  { width: 1280, scheme: "light" },
  { width: 1280, scheme: "dark" },
  { width: 390, scheme: "light" },
  { width: 390, scheme: "dark" },
] as const;

const pages: Readonly<Record<string, Report>> = {
  sick: sampleReport(),
  well: aReport({ checks: [aCheck("doctor.file-api-answers"), aCheck("doctor.clock-in-sync")] }),
};

/** Opens a page from a file, offline, and notes everything it asks for or complains about. */
async function open(html: string): Promise<{ page: Page; noise: string[] } & AsyncDisposable> {
  const file = dir.join("page.html");
  await Bun.write(file, html);
  const page = await browser.context.newPage();
  const noise: string[] = [];
  page.on("console", (message) => noise.push(message.text()));
  page.on("pageerror", (error) => noise.push(error.message));
  page.on("dialog", (dialog) => {
    noise.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    if (request.url() !== `file://${file}`) noise.push(`asked for ${request.url()}`);
  });
  await page.goto(`file://${file}`);
  return { page, noise, [Symbol.asyncDispose]: () => page.close() };
}

describe("the HTML report in Chromium", () => {
  for (const [name, report] of Object.entries(pages)) {
    for (const { width, scheme } of VIEWS) {
      test(`${name}: fits ${width} px in ${scheme} mode, is readable and asks for nothing`, async () => {
        await using opened = await open(renderHtml(report));
        const { page, noise } = opened;
        await page.setViewportSize({ width, height: 900 });
        await page.emulateMedia({ colorScheme: scheme });
        expect(await page.evaluate<number>(OVERFLOW)).toBe(0);
        expect(await page.evaluate<unknown>(FAINT_TEXTS)).toEqual({ looked: true, faint: [] });
        const shot = await page.screenshot({ fullPage: true });
        expect(shot.byteLength).toBeGreaterThan(20_000);
        if (KEEP !== undefined) {
          mkdirSync(KEEP, { recursive: true });
          await Bun.write(join(KEEP, `report-${name}-${width}-${scheme}.png`), shot);
        }
        expect(noise).toEqual([]);
      }, 30_000);
    }
  }

  test("the verdict is on the first screen, charts and bars are visible", async () => {
    await using opened = await open(renderHtml(sampleReport()));
    const { page } = opened;
    await page.setViewportSize({ width: 1280, height: 900 });
    const heading = await page.locator("h1").boundingBox();
    expect((heading?.y ?? 9_999) + (heading?.height ?? 0)).toBeLessThan(400);
    const widths = await page.locator(".bars .bar").evaluateAll((bars) => bars.map((bar) => bar.clientWidth));
    expect(widths[0]).toBeGreaterThan(300);
    expect(widths).toEqual([...widths].sort((a, b) => b - a));
    const heights = await page
      .locator(".columns .bar")
      .evaluateAll((bars) => bars.map((bar) => bar.clientHeight));
    expect(heights[1]).toBeGreaterThan(80);
    expect(heights.at(-1)).toBeLessThan(5);
  });

  test("works by keyboard alone: skip link, evidence, filter", async () => {
    await using opened = await open(renderHtml(sampleReport()));
    const { page } = opened;
    await page.keyboard.press("Tab");
    expect(await page.evaluate<string>(FOCUSED_TEXT)).toBe("To the content");
    const evidence = page.locator(".evidence details").first();
    expect(await evidence.locator(".exchange").isVisible()).toBe(false);
    for (let n = 0; n < 20; n++) {
      await page.keyboard.press("Tab");
      if (await page.evaluate<boolean>(EVIDENCE_FOCUSED)) break;
    }
    expect(await page.evaluate<string>(FOCUS_OUTLINE)).toBe("solid");
    await page.keyboard.press("Enter");
    expect(await evidence.locator(".exchange").isVisible()).toBe(true);
    await page.locator("input[value=all]").focus();
    expect(await page.locator(".requests > li:visible").count()).toBe(9);
    await page.keyboard.press("ArrowRight");
    expect(await page.locator(".requests > li:visible").count()).toBe(5);
  });

  test("on paper shows the evidence, and no navigation", async () => {
    await using opened = await open(renderHtml(sampleReport()));
    const { page } = opened;
    await page.emulateMedia({ media: "print" });
    expect(await page.locator("aside nav").isVisible()).toBe(false);
    const height = (selector: string) =>
      page
        .locator(selector)
        .first()
        .evaluate((element) => element.getBoundingClientRect().height);
    expect(await height(".evidence .exchange")).toBeGreaterThan(50);
    expect((await page.pdf({ format: "A4" })).byteLength).toBeGreaterThan(10_000);
  });

  test("runs nothing and breaks nothing, whatever the report holds", async () => {
    for (const report of fc.sample(reportOf(), { numRuns: 25, seed: 778 })) {
      await using opened = await open(renderHtml(report));
      const { page, noise } = opened;
      expect(await page.evaluate<unknown>(ANATOMY)).toEqual({ foreign: 0, handlers: 0, whole: true });
      expect(noise).toEqual([]);
    }
  }, 60_000);
});

describe("the other formats in Chromium", () => {
  test("JUnit is XML to a real parser, whatever the report holds", async () => {
    await using opened = await open(renderHtml(aReport()));
    for (const report of fc.sample(reportOf(), { numRuns: 60, seed: 778 })) {
      const read = `{ faults: parsed.querySelectorAll("parsererror").length, cases: parsed.querySelectorAll("testcase").length }`;
      const source = parsedInPage(renderJunit(report), "application/xml", read);
      expect(await opened.page.evaluate<unknown>(source)).toEqual({
        faults: 0,
        cases: report.checks.length + 1,
      });
    }
  }, 60_000);

  test("Markdown as HTML holds no foreign element to a real parser", async () => {
    await using opened = await open(renderHtml(aReport()));
    const foreign = "script,img,svg,iframe,link,style,form,a,h1,[onload],[onerror],[onmouseover]";
    for (const report of fc.sample(reportOf(), { numRuns: 40, seed: 778 })) {
      const page = Bun.markdown.html(renderMarkdown(report), { tables: true });
      const source = parsedInPage(page, "text/html", `parsed.querySelectorAll("${foreign}").length`);
      expect(await opened.page.evaluate<number>(source)).toBe(0);
    }
  }, 60_000);
});
