/** The compiled-in seeds: real where they claim to be, wide enough, and holding the records that break trees. */
import { describe, expect, test } from "bun:test";
import { DEMO_GITHUB_PAYLOADS } from "../../../lib/simulator/seed/github-payloads/index.ts";
import { JIRA_ISSUES, JIRA_PROJECTS } from "../../../lib/simulator/seed/jira.ts";
import { ISSUES } from "../../../lib/simulator/seed/linear.ts";
import { deliver, GITHUB_PAYLOADS, pipelineStack } from "../../support/seeded-tree.ts";

describe("the GitHub payloads of the demo", () => {
  test("are byte for byte those of the examples package", () => {
    expect(DEMO_GITHUB_PAYLOADS.length).toBe(20);
    for (const { event, file, payload } of DEMO_GITHUB_PAYLOADS) {
      const index = Number(file.split(".")[1]);
      const original = GITHUB_PAYLOADS.find(
        (candidate) => candidate.event === event && candidate.index === index,
      );
      expect(JSON.stringify(payload)).toBe(JSON.stringify(original?.payload));
    }
  });

  test("stay under 300 KB and carry their licence", async () => {
    const bytes = DEMO_GITHUB_PAYLOADS.reduce((sum, { payload }) => sum + JSON.stringify(payload).length, 0);
    expect(bytes).toBeLessThan(300_000);
    const notice = await Bun.file(
      new URL("../../../lib/simulator/seed/github-payloads/NOTICE", import.meta.url),
    ).text();
    expect(notice).toContain("MIT");
  });

  test("all but one become files", async () => {
    const stack = pipelineStack();
    const statuses = [];
    for (const [index, { event, payload }] of DEMO_GITHUB_PAYLOADS.entries()) {
      statuses.push((await deliver(stack, { event, index, payload })).status);
    }
    expect(statuses.filter((status) => status === "not_applicable").length).toBe(1);
    expect(statuses).not.toContain("rejected");
    expect(stack.tree.paths()).toContain(
      "/github/repos/Codertocat/Hello-World/pulls/2__update-the-readme-with-new-information/meta.json",
    );
  });
});

describe("the Linear and Jira seeds", () => {
  test("are as wide as live records", () => {
    expect(ISSUES.length).toBeGreaterThanOrEqual(30);
    expect(Object.keys(ISSUES[0] ?? {}).length).toBe(66);
    expect(JIRA_ISSUES.length).toBeGreaterThanOrEqual(30);
    expect(Object.keys((JIRA_ISSUES[0]?.fields ?? {}) as object).length).toBeGreaterThanOrEqual(40);
    expect(Object.keys(JIRA_PROJECTS[0] ?? {}).length).toBe(12);
  });

  test("hold equal, empty, emoji-only and very long titles, and 35 issues in projects", () => {
    const titles = ISSUES.map((issue) => String(issue.title));
    expect(new Set(titles).size).toBeLessThan(titles.length);
    expect(titles).toContain("");
    expect(titles.some((title) => /^\p{Emoji_Presentation}+$/u.test(title))).toBe(true);
    expect(titles.some((title) => title.length > 120)).toBe(true);
    expect(titles.some((title) => title.includes("__"))).toBe(true);
    expect(ISSUES.filter((issue) => issue.project !== null).length).toBe(35);
  });
});
