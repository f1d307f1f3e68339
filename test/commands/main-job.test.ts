import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { bunPorts } from "../../lib/runtime/bun/ports.ts";
import { runCli } from "../support/run-cli.ts";
import { type TestStack, testStack } from "../support/stack.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

const PAYLOADS = "node_modules/@octokit/webhooks-examples/api.github.com/index.json";
const ISSUE = "github/repos/Codertocat/Hello-World/issues/1__spelling-error-in-the-readme-file/meta.json";

let stack: TestStack;
let dir: TempDir;

beforeAll(async () => {
  stack = await testStack({ workspaceName: "demo" });
  dir = tempDir("relayfile-main-job-");
});
afterAll(async () => {
  await stack.stop();
  dir.remove();
});

const run = (words: string) =>
  runCli(
    words,
    bunPorts({
      cwd: dir.path,
      env: { HOME: dir.path, RELAYFILE_HOME: stack.dataDir, RELAYFILE_BASE_URL: stack.fileApiUrl },
    }),
  );

test("S20 real payloads become a mirror, and an edit of an issue there becomes one PATCH at the provider", async () => {
  const ingested = await run(`ingest github ${process.cwd()}/${PAYLOADS} --json`);
  expect(ingested.document).toMatchObject({ summary: { total: 329, rejected: 0 } });
  expect((await run("mount demo mirror --once --json")).document).toMatchObject({ converged: true });

  const file = dir.join("mirror", ISSUE);
  const record = JSON.parse(readFileSync(file, "utf8"));
  record.payload.title = "Spelling error in the README";
  writeFileSync(file, JSON.stringify(record, null, 2));
  const before = stack.simulator.calls.length;
  expect((await run("mount demo --once --json")).exit).toBe(0);

  expect(stack.simulator.calls.slice(before)).toMatchObject([
    {
      provider: "github",
      method: "PATCH",
      path: "/repos/Codertocat/Hello-World/issues/1",
      body: { title: "Spelling error in the README" },
    },
  ]);
  expect((await run("cat demo /digests/today.md")).stdout).toContain("Codertocat/Hello-World/issues/1__");
});
