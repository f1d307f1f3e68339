import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { archiveName, TARGETS } from "../../scripts/build/targets.ts";
import { sandbox } from "../support/sandbox.ts";
import { type Served, serve } from "../support/served.ts";

const box = sandbox();
let stack: Served;

beforeAll(async () => {
  stack = await serve(box, ["--provider", "jira", "--workspace", "demo"]);
});

afterAll(async () => {
  await stack.stop();
  box.remove();
});

test("S40: the executable alone serves, mirrors and diagnoses, with no other program on the PATH", async () => {
  const env = { ...stack.environment, PATH: "/nonexistent" };
  const mirror = box.join("mirror");
  const mounted = await box.run(["mount", "demo", mirror, "--once", "--json"], { env });
  expect([mounted.exitCode, JSON.parse(mounted.stdout).kind]).toEqual([0, "relayfile.mount-once"]);
  expect(readdirSync(mirror)).toContain("jira");
  expect(existsSync(`${mirror}/jira/LAYOUT.md`)).toBe(true);

  const judged = await box.run(["doctor", "--mount", mirror, "--json"], { env });
  const report = JSON.parse(judged.stdout);
  expect([judged.exitCode, report.kind, report.rootCauses]).toEqual([0, "relayfile.report", []]);
});

test("S40: every platform has one archive", () => {
  const names = TARGETS.map((target) => archiveName(target, "1.0.0"));
  expect(names.map((name) => name.replace(/\.(tar\.gz|zip)$/, ""))).toEqual([
    "relayfile_1.0.0_linux_x64",
    "relayfile_1.0.0_linux_arm64",
    "relayfile_1.0.0_linux_x64_musl",
    "relayfile_1.0.0_linux_arm64_musl",
    "relayfile_1.0.0_darwin_x64",
    "relayfile_1.0.0_darwin_arm64",
    "relayfile_1.0.0_windows_x64",
  ]);
});
