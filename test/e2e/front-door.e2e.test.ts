import { afterAll, describe, expect, test } from "bun:test";
import { ErrorDocumentSchema, HelpDocumentSchema } from "../../commands/_documents.ts";
import { COMMANDS } from "../../commands/mod.ts";
import { commandOutline } from "../../lib/ui/completion/outline.ts";
import { VERSION } from "../../lib/version.ts";
import { binaryPath } from "../support/binary.ts";
import { onlyDocument, sandbox } from "../support/sandbox.ts";

const box = sandbox();
afterAll(() => box.remove());

/** Every command and group as words. */
const PLACES = (await commandOutline(COMMANDS)).map(({ path }) => path).filter((path) => path.length > 0);

describe("relayfile, compiled", () => {
  test("answers --version and ignores bunfig.toml and .env of the directory it stands in", async () => {
    const run = await box.run(["--version"]);
    expect(run).toEqual({ stdout: `relayfile ${VERSION}\n`, stderr: "", exitCode: 0 });
  });

  test("prints no colour in a pipe although a hostile .env asks for it", async () => {
    expect((await box.run(["help"])).stdout).not.toContain("\x1b");
  });

  test("prints the start page without a command", async () => {
    const run = await box.run([]);
    expect([run.exitCode, run.stderr]).toEqual([0, ""]);
    expect(run.stdout).toContain("relayfile demo");
  });

  test("prints one help document for every command", async () => {
    for (const path of PLACES) {
      const run = await box.run(["--json", ...path, "--help"]);
      expect([path, run.exitCode, run.stderr]).toEqual([path, 0, ""]);
      HelpDocumentSchema.parse(onlyDocument(run));
    }
  });

  test.each<[string, Record<string, string>]>([
    ["a proxy", { HTTP_PROXY: "http://127.0.0.1:9", https_proxy: "http://127.0.0.1:9" }],
    ["NO_COLOR", { NO_COLOR: "please" }],
    ["FORCE_COLOR", { FORCE_COLOR: "3" }],
    ["a dumb terminal", { TERM: "dumb" }],
    ["an ASCII locale", { LANG: "C", LC_ALL: "C" }],
    ["an empty home", { HOME: "", RELAYFILE_HOME: "" }],
    [
      "Bun's own variables",
      { BUN_CONFIG_VERBOSE_FETCH: "", BUN_INSTALL: "/nowhere", NODE_OPTIONS: "--require=./evil.ts" },
    ],
  ])("keeps stdout one document for every command under %s", async (_, env) => {
    for (const path of PLACES) {
      const help = await box.run([...path, "--help", "--json"], { env });
      expect([path, onlyDocument(help).kind, help.stderr]).toEqual([path, "relayfile.help", ""]);
      const wrong = await box.run([...path, "--no-such-flag", "--json"], { env });
      expect([path, onlyDocument(wrong).kind, wrong.stderr]).toEqual([path, "relayfile.error", ""]);
    }
  });

  test("prints one error document for an unknown flag of every command, and one line without --json", async () => {
    for (const path of PLACES) {
      const flag = "--definitely-not-a-flag";
      const run = await box.run([...path, flag, "--json"]);
      expect([path, run.exitCode, run.stderr]).toEqual([path, 2, ""]);
      expect(ErrorDocumentSchema.parse(onlyDocument(run)).error.code).toBe("usage");
      const text = await box.run([...path, flag]);
      expect([path, text.exitCode, text.stdout]).toEqual([path, 2, ""]);
      expect(text.stderr).toMatch(/^error: [^\n]+\n {2}→ [^\n]+\n$/);
    }
  });

  test.each([
    ["dcotor", 'unknown command "dcotor" (did you mean doctor?)'],
    ["version extra", 'unexpected argument "extra"'],
    ["version --jsn", "unknown flag --jsn (did you mean --json?)"],
    ["completion", "SHELL is missing"],
    [
      "completion bosh",
      'no completion for "bosh", expected bash, zsh, fish, powershell (did you mean bash or fish?)',
    ],
    ["schema erorr", 'no schema "erorr" (did you mean error?)'],
    ["help exit-code", 'no help on "exit-code" (did you mean exit-codes?)'],
    ["workspace", "relayfile workspace needs a command"],
    ["version --timeout 5", '--timeout is "5"'],
  ])("refuses `%s` with exit 2 and says why", async (line, message) => {
    const run = await box.run(line.split(" "));
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toStartWith(`error: ${message}`);
  });

  test("publishes JSON Schemas that are themselves JSON", async () => {
    const list = (await box.run(["schema", "--json"])).stdout;
    for (const { name } of JSON.parse(list).schemas) {
      const run = await box.run(["schema", name]);
      expect([name, run.exitCode]).toEqual([name, 0]);
      expect(JSON.parse(run.stdout).$schema).toContain("json-schema.org");
    }
  });

  test("survives a reader that goes away", async () => {
    const line = `'${await binaryPath()}' help | head -n 1`;
    const run = Bun.spawnSync(["bash", "-c", `${line}; echo "\${PIPESTATUS[0]}"`], {
      cwd: box.cwd,
      env: { PATH: process.env.PATH ?? "" },
    });
    expect(run.stdout.toString().trim().split("\n").at(-1)).toBe("0");
    expect(run.stderr.toString()).toBe("");
  });

  test.each([
    ["LANG", "C"],
    ["LC_ALL", "POSIX"],
  ])("speaks ASCII under %s=%s", async (name, value) => {
    const run = await box.run(["dcotor"], { env: { [name]: value } });
    expect(run.stderr).toMatch(/^[\x20-\x7e\n]+$/);
  });
});
