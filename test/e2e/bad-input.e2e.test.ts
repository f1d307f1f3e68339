import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { ErrorDocumentSchema } from "../../commands/_documents.ts";
import { Report } from "../../verify/report.ts";
import { onlyDocument, type Sandbox, sandbox } from "../support/sandbox.ts";
import { type Served, serve } from "../support/served.ts";

let box: Sandbox;
let stack: Served;

beforeAll(async () => {
  box = sandbox();
  stack = await serve(box, ["--provider", "jira", "--workspace", "demo"]);
}, 60_000);

afterAll(async () => {
  await stack.stop();
  box.remove();
});

/** Runs a line against the stack, as text and as JSON, and returns the error document after checking that both agree. */
async function failure(words: readonly string[], env: Record<string, string> = {}) {
  const options = { env: { ...stack.environment, ...env } };
  const run = await box.run([...words, "--json"], options);
  const { error } = ErrorDocumentSchema.parse(onlyDocument(run));
  expect([run.exitCode, run.stderr]).toEqual([error.exitCode, ""]);
  const text = await box.run(words, options);
  expect([text.exitCode, text.stdout]).toEqual([run.exitCode, ""]);
  expect(text.stderr).toMatch(/^error: [^\n]+\n {2}→ [^\n]+\n( {2}correlation id \S+\n)?$/);
  return error;
}

/** Codes of the root causes that `doctor` names. */
async function rootCauses(env: Record<string, string>, words: readonly string[] = []) {
  const run = await box.run(["doctor", "--json", ...words], { env: { ...stack.environment, ...env } });
  const report = Report.parse(JSON.parse(run.stdout));
  const codes = report.rootCauses.map(
    (id) => report.findings.find((finding) => finding.id === id)?.code ?? id,
  );
  return { codes, exitCode: run.exitCode, report };
}

const tokenIn = (path: string, field: string): string => JSON.parse(readFileSync(path, "utf8"))[field];

describe("a command against the real stack", () => {
  test("works without any bad input", async () => {
    const run = await box.run(["tree", "demo", "/", "--json"], { env: { ...stack.environment } });
    expect([run.exitCode, run.stderr]).toEqual([0, ""]);
  });

  test("names an unknown workspace", async () => {
    const error = await failure(["tree", "no-such-workspace", "/"]);
    expect(error).toMatchObject({ code: "workspace_not_found", exitCode: 1 });
    expect(error.message).toContain("no-such-workspace");
  });

  test("refuses a token of another workspace", async () => {
    const error = await failure(["tree", "rw_zzzz9999", "/"]);
    expect(["forbidden", "not_signed_in", "workspace_not_found", "unauthorized"]).toContain(error.code);
    expect([1, 4]).toContain(error.exitCode);
  });

  test("refuses to send a cloud token to the file API", async () => {
    const error = await failure(["tree", "demo", "/"], {
      RELAYFILE_TOKEN: tokenIn(stack.cloudTokenFile, "accessToken"),
    });
    expect(error).toMatchObject({ code: "wrong_token_kind", exitCode: 4 });
  });

  test("says that the two base URLs are swapped", async () => {
    const swapped = {
      RELAYFILE_BASE_URL: stack.controlPlaneUrl,
      RELAYFILE_CLOUD_API_URL: stack.fileApiUrl,
      RELAYFILE_TOKEN: tokenIn(stack.tokenFile, "token"),
    };
    expect((await failure(["tree", "demo", "/"], swapped)).code).toBe("wrong_service");
    const { codes, exitCode } = await rootCauses(swapped);
    expect(codes).toEqual(["doctor.services-swapped"]);
    expect(exitCode).toBe(1);
  });

  test("names a file that does not exist", async () => {
    expect(await failure(["cat", "demo", "/nope.json"])).toMatchObject({ code: "not_found", exitCode: 1 });
  });

  test.each<[string, string[], string, number]>([
    ["an unusable port", ["serve", "--data", "DATA2", "--port", "70000"], "usage", 2],
    ["a data directory below a file", ["serve", "--data", "FILE/data"], "io_error", 6],
    ["a data directory that another serve holds", ["serve", "--data", "DATA"], "lock_held", 6],
    ["an unknown provider", ["serve", "--data", "DATA2", "--provider", "githup"], "usage", 2],
    [
      "a payload that is not there",
      ["ingest", "github", "FILE-missing", "--event", "issues"],
      "invalid_input",
      2,
    ],
    [
      "a token file that is not there",
      ["tree", "demo", "/", "--token-file", "FILE-missing"],
      "invalid_input",
      2,
    ],
    ["no directory to mount to", ["mount", "demo"], "usage", 2],
    ["a mount below a file", ["mount", "demo", "FILE/mirror", "--once"], "mount_root_broken", 5],
    ["the file system root as mirror", ["mount", "demo", "/", "--once"], "usage", 2],
  ])("ends clearly for %s", async (_, words: readonly string[], code: string, exit: number) => {
    writeFileSync(box.join("file"), "x");
    const filled = words.map((word) =>
      word
        .replace(/^FILE/, box.join("file"))
        .replace(/^DATA2$/, box.join("data-2"))
        .replace(/^DATA$/, stack.dataDir),
    );
    const error = await failure(filled);
    expect([String(error.code), error.exitCode]).toEqual([code, exit]);
  });

  test("names a port that is taken", async () => {
    const port = new URL(stack.fileApiUrl).port;
    const error = await failure(["serve", "--data", box.join("data-3"), "--port", port]);
    expect(error).toMatchObject({ code: "port_in_use", exitCode: 6 });
  });

  test.if(process.getuid?.() !== 0)("names a data directory that cannot be written", async () => {
    const path = box.join("locked");
    mkdirSync(path);
    chmodSync(path, 0o500);
    expect(await failure(["serve", "--data", path])).toMatchObject({ code: "io_error", exitCode: 6 });
    chmodSync(path, 0o700);
  });
});

describe("a mirror whose root was replaced by a file", () => {
  test("is refused, nothing is lost on either side, and doctor names it", async () => {
    const mirror = box.join("mirror");
    const env = { ...stack.environment };
    const first = await box.run(["mount", "demo", mirror, "--once", "--json"], { env });
    expect([first.exitCode, onlyDocument(first).kind]).toEqual([0, "relayfile.mount-once"]);
    const before = await box.run(["tree", "demo", "/", "--json"], { env });
    renameSync(mirror, `${mirror}-moved`);
    writeFileSync(mirror, "precious");
    const error = await failure(["mount", "demo", mirror, "--once"]);
    expect(error).toMatchObject({ code: "mount_root_broken", exitCode: 5 });
    expect(readFileSync(mirror, "utf8")).toBe("precious");
    expect((await box.run(["tree", "demo", "/", "--json"], { env })).stdout).toBe(before.stdout);
    const { codes } = await rootCauses({});
    expect(codes).toContain("doctor.mount-root-clobbered");
    rmSync(mirror);
    renameSync(`${mirror}-moved`, mirror);
    expect(existsSync(`${mirror}/jira`)).toBe(true);
  }, 60_000);
});
