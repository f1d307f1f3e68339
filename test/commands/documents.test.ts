import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { SCHEMAS } from "../../commands/_schemas.ts";
import { SECTIONS } from "../../commands/mod.ts";
import { DEMO_GITHUB_PAYLOADS } from "../../lib/simulator/seed/github-payloads/index.ts";
import { VIEWS } from "../../lib/ui/views/mod.ts";
import { validatedKinds } from "../support/published.ts";
import { type ReportRig, reportRig } from "../support/report-rig.ts";
import { type CliOptions, type CliRun, runCli } from "../support/run-cli.ts";
import type { RecordedTerminal } from "../support/terminal.ts";

/**
 * Every command prints its document against the real stack, in the order in which a person would get there. That each
 * satisfies its schema is asserted by `runCli` itself; here it is asserted that none is left out.
 */

/** Documents that this file does not print, with the reason. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  demo: "test/e2e/demo.e2e.test.ts runs the whole demo",
  bundle: "a file inside an archive: test/commands/run-modes.test.ts",
  events: "a stream: test/commands/run-modes.test.ts",
  "mount-events": "a stream: test/commands/mount-runs.test.ts",
};

let rig: ReportRig;
beforeAll(async () => {
  rig = await reportRig({ providers: ["linear", "jira"] });
}, 30_000);
afterAll(async () => rig[Symbol.asyncDispose]());

async function cli(words: string | string[], options: CliOptions = {}): Promise<CliRun> {
  const argv = typeof words === "string" ? words.split(" ") : words;
  return runCli([...argv, "--json"], rig.ports, options);
}

/** Runs a command and asserts what it printed and how it ended. */
async function prints(kind: string, words: string | string[], exit = 0, options: CliOptions = {}) {
  const run = await cli(words, options);
  const failure = run.document.error as { message?: string } | undefined;
  const said = run.document.kind === "relayfile.error" ? (failure?.message ?? "") : "";
  expect([words, run.document.kind, run.exit, exit === 0 ? said : ""]).toEqual([
    words,
    `relayfile.${kind}`,
    exit,
    "",
  ]);
  return run.document as Record<string, never>;
}

/** Starts a command that stays up and resolves with its end when the document is there and `meanwhile` is done. */
async function staysUp(words: string, meanwhile: () => Promise<void>): Promise<CliRun> {
  let terminal: RecordedTerminal | undefined;
  let ready = () => {};
  const printed = new Promise<void>((resolve) => {
    ready = resolve;
  });
  const run = cli(words, {
    onTerminal: (made) => {
      terminal = made;
      const stdout = made.stdout as { write: RecordedTerminal["stdout"]["write"] };
      const { write } = stdout;
      stdout.write = async (chunk) => {
        const open = await write(chunk);
        ready();
        return open;
      };
    },
  });
  await Promise.race([printed, run]);
  await meanwhile();
  terminal?.signal("SIGINT");
  return run;
}

describe("every command prints a document that satisfies its schema", () => {
  test("about the program itself", async () => {
    await prints("help", "help");
    await prints("help", "help exit-codes");
    await prints("version", "version");
    await prints("completion", "completion bash");
    await prints("schema-list", "schema list");
    for (const name of Object.keys(SCHEMAS)) await prints("schema", `schema ${name}`);
    await prints("skill", "skill print");
    await prints("explanation", "explain cloud#778");
    await prints("error", "explain no-such-code", 2);
  });

  test("about workspaces and identities", async () => {
    await prints("whoami", "whoami");
    await prints("workspaces", "workspace list");
    await prints("workspace-join", "workspace create second");
    await prints("workspace-use", "workspace use second");
    await prints("workspace-delete", "workspace delete second --remote --yes");
    await prints("workspace-join", "workspace join local");
    await prints("workspace-use", "workspace use local");
    await prints("integrations", "integration list");
    await prints("integration-status", "integration status linear");
    await prints("integration-connect", "integration connect confluence");
    await prints("integration-disconnect", "integration disconnect confluence --yes");
  });

  test("about files and ops", async () => {
    for (const [n, { event, payload }] of DEMO_GITHUB_PAYLOADS.slice(0, 3).entries()) {
      mkdirSync(`${rig.directory}/payloads/${event}`, { recursive: true });
      writeFileSync(`${rig.directory}/payloads/${event}/${n}.payload.json`, JSON.stringify(payload));
    }
    await prints("ingest", `ingest github ${rig.directory}/payloads`);
    await prints("tree", "tree /");
    await prints("write", "put /notes/a.md", 0, { stdin: "one\n" });
    await prints("file", "cat /notes/a.md");
    await prints("export", `export /notes --output ${rig.directory}/notes.tar.gz`);
    await prints("refresh", "refresh");
    await prints("write", "put /notes/b.md", 0, { stdin: "two\n" });
    await prints("write", "rm /notes/b.md");
    rig.stack.simulator.failNext("jira", 1, { status: 400, body: { errorMessages: ["no"] } });
    const example = '{"fields":{"project":{"key":"KAN"},"summary":"x","issuetype":{"name":"Task"}}}';
    const refused = await prints("write", ["put", "/jira/issues/issue one.json", "--wait"], 1, {
      stdin: example,
    });
    await prints("ops", "ops list");
    await prints("op", `ops show ${refused.opId}`);
    await prints("op-replay", `ops replay ${refused.opId} --wait`);
  });

  test("about reports", async () => {
    await prints("checks", "doctor --list");
    await prints("plan", "verify discovery --plan");
    const saved = `${rig.directory}/report.json`;
    await prints("report", ["doctor", "--report", `json=${saved}`]);
    for (const words of ["verify discovery", "verify digest", "verify writeback"])
      await prints("report", words);
    await prints("report", "verify writeback jira --allow-write");
    await prints("report", `report render ${saved}`);
    await prints("report-rendered", `report render ${saved} --to md --out ${rig.directory}/report.md`);
    await prints("report-diff", `report diff ${saved} ${saved}`);
  });

  test("about a mirror and its saves", async () => {
    const dir = `${rig.directory}/mirror`;
    const mount = `mount local ${dir}`;
    await prints("mount-once", `${mount} --once`);
    writeFileSync(`${dir}/notes/a.md`, "mine\n");
    await prints("write", "put /notes/a.md", 0, { stdin: "theirs\n" });
    await cli(`${mount} --once`);
    await prints("conflicts", `conflicts --mount ${dir}`, 1);
    await prints("why", `why notes/a.md --mount ${dir}`, 1);
    await prints("status", `status --mount ${dir}`, 6);
    rig.stack.simulator.failNext("jira", 1, { status: 400, body: { errorMessages: ["no"] } });
    const issue = '{"fields":{"project":{"key":"KAN"},"summary":"y","issuetype":{"name":"Task"}}}';
    writeFileSync(`${dir}/jira/issues/issue two.json`, issue);
    await cli(`${mount} --once`);
    await prints("writeback-list", `writeback list --state dead --mount ${dir}`);
    const status = await prints("writeback-status", `writeback status --mount ${dir}`, 1);
    const [dead] = status.deadLettered as unknown as { opId: string }[];
    await prints("writeback-show", `writeback show --opId ${dead?.opId} --mount ${dir}`);
    const ended = await staysUp(mount, async () => {
      await prints("status", `status --mount ${dir}`);
      await prints("mount-resume", `mount resume local --restore --local-dir ${dir}`);
      await prints("conflict-resolved", `conflicts --path notes/a.md --keep local --mount ${dir}`);
      await prints("writeback-retry", `writeback retry --opId ${dead?.opId} --mount ${dir}`);
    });
    expect([ended.exit, ended.document.kind]).toEqual([0, "relayfile.mount"]);
    writeFileSync(`${dir}/.relay/dead-letter/op_9.json`, readFileSync(`${dir}/.relay/state.json`));
    await prints("writeback-drop", `writeback drop --opId op_9 --force --mount ${dir}`);
    await prints("logs", `logs --mount ${dir}`);
    await prints("mount-flush", `${mount} --flush-outbox-once`);
    await prints("mount-notify", `${mount} --notify-flush`, 1);
    await prints("writeback-skip-stuck", `writeback skip-stuck --mount ${dir}`);
    await prints("writeback-sweep-drafts", "writeback sweep-drafts local");
    writeFileSync(`${dir}/.relay/mount.pid`, "999999\n");
    await prints("unmount", `unmount --mount ${dir}`);
  }, 60_000);

  test("about a stack, and the end of a session", async () => {
    const served = await staysUp(`serve --data ${rig.directory}/served`, async () => {});
    expect([served.exit, served.document.kind]).toEqual([0, "relayfile.serve"]);
    const stopped = { terminal: undefined as RecordedTerminal | undefined };
    const { makeDir } = rig.ports.fs;
    const fs = {
      ...rig.ports.fs,
      makeDir: (path: string, mode?: number) => {
        makeDir(path, mode);
        stopped.terminal?.signal("SIGINT");
      },
    };
    const demo = await runCli(
      "demo --json",
      { ...rig.ports, fs },
      {
        onTerminal: (made) => {
          stopped.terminal = made;
        },
      },
    );
    expect([demo.exit, demo.document.kind]).toEqual([0, "relayfile.demo-stopped"]);
    await prints("login", "login --token-stdin", 0, { stdin: rig.token() });
    await prints("logout", "logout");
  });

  test("and no published schema is left without an output, no view without a schema", () => {
    const missing = Object.keys(SCHEMAS).filter((name) => !validatedKinds.has(name) && !(name in ELSEWHERE));
    expect(missing).toEqual([]);
    const unpublished = Object.keys(VIEWS).filter((kind) => !(kind.replace("relayfile.", "") in SCHEMAS));
    expect(unpublished).toEqual([]);
    expect(SECTIONS.length).toBeGreaterThan(3);
  });
});
