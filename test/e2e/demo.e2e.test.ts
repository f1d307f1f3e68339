import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { DemoDocumentSchema } from "../../commands/_documents.ts";
import type { DemoDocument } from "../../commands/demo.ts";
import { Report } from "../../verify/report.ts";
import { sandbox } from "../support/sandbox.ts";

const box = sandbox();
afterAll(() => box.remove());

/** Where the demo puts its directory; empty again when it has ended. */
const scratch = box.join("home");
const left = () => readdirSync(scratch).filter((name) => name.startsWith("relayfile-demo-"));

describe("relayfile demo, compiled", () => {
  test("--once --json finds the three incidents as root causes, each with evidence and a curl line, and leaves nothing", async () => {
    const run = await box.run(["demo", "--once", "--json"], { env: { TMPDIR: scratch }, timeoutMs: 90_000 });
    expect([run.exitCode, run.stderr]).toEqual([0, ""]);
    const document: DemoDocument = JSON.parse(run.stdout);
    DemoDocumentSchema.parse(document);
    expect(document.incidents.map(({ id, knownIssue, found }) => [id, knownIssue, found])).toEqual([
      ["empty-schema", "cloud#778", true],
      ["truncated-digest", "cloud#771", true],
      ["rejected-write", "relayfile#84", true],
    ]);
    for (const { report: name, findingId, knownIssue } of document.incidents) {
      const report = Report.parse(document.reports[name]);
      expect(report.rootCauses).toContain(findingId ?? "");
      const finding = report.findings.find(({ id }) => id === findingId);
      expect(finding?.knownIssue?.id).toBe(knownIssue);
      expect(finding?.evidence.length).toBeGreaterThan(0);
      for (const item of finding?.evidence ?? []) {
        if (item.type !== "http") continue;
        expect(report.exchanges.find(({ id }) => id === item.exchangeId)?.repro.curl).toStartWith("curl ");
      }
    }
    expect(document.next.argv[0]).toBe("relayfile");
    expect(left()).toEqual([]);
  }, 120_000);

  test("stays up for other terminals, ends with exit 0 on Ctrl-C, and leaves nothing", async () => {
    const { child, stdout } = await box.start(["demo", "--json"], { env: { TMPDIR: scratch } });
    const home = await until(() => {
      const [folder] = left();
      return folder === undefined ? null : `${scratch}/${folder}/home`;
    });
    const status = await until(async () => {
      const run = await box.run(["status", "demo", "--json"], { env: { RELAYFILE_HOME: home } });
      const text = run.stdout;
      return text.includes('"refused') || text.includes("degraded") ? run : null;
    });
    expect(status.stdout).toContain("relayfile.status");
    child.kill("SIGINT");
    expect(await child.exited).toBe(0);
    expect(JSON.parse(await stdout).kind).toStartWith("relayfile.demo");
    expect(left()).toEqual([]);
  }, 120_000);

  test("sweeps what a demo left that was killed, and not a demo that runs", async () => {
    const options = { env: { TMPDIR: scratch } };
    const stacks = () => left().filter((name) => existsSync(`${scratch}/${name}/home/serve.pid`));
    const killed = await box.start(["demo", "--json"], options);
    await until(() => stacks()[0] ?? null);
    killed.child.kill("SIGKILL");
    await killed.child.exited;
    const [dead] = left();
    const running = await box.start(["demo", "--json"], options);
    await until(() => stacks().find((name) => name !== dead) ?? null);
    expect(left()).not.toContain(dead);
    const run = await box.run(["demo", "--once", "--json"], { ...options, timeoutMs: 90_000 });
    expect([run.exitCode, run.stderr, left().length]).toEqual([0, "", 1]);
    running.child.kill("SIGINT");
    expect(await running.child.exited).toBe(0);
    expect(left()).toEqual([]);
  }, 120_000);
});

/** Asks again until there is an answer. */
async function until<T>(ask: () => T | null | Promise<T | null>): Promise<T> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const answer = await ask();
    if (answer !== null) return answer;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("no answer in a minute");
}
