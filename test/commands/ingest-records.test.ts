/** `relayfile ingest` with raw records, for every provider, against the real embedded stack. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { modelsOf, PROVIDERS } from "../../lib/providers/registry.ts";
import { bunPorts } from "../../lib/runtime/bun/ports.ts";
import { createSimulator } from "../../lib/simulator/mod.ts";
import { pipelineDeps } from "../support/pipeline.ts";
import { type CliRun, runCli } from "../support/run-cli.ts";
import { type TestStack, testStack } from "../support/stack.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

let dir: TempDir;
let stack: TestStack;

beforeAll(async () => {
  dir = tempDir("relayfile-ingest-");
  stack = await testStack();
}, 30_000);
afterAll(async () => {
  await stack.stop();
  dir.remove();
});

function cli(words: readonly string[], stdin = ""): Promise<CliRun> {
  return runCli(words, bunPorts({ env: { RELAYFILE_HOME: stack.dataDir }, cwd: dir.path }), stdin);
}

async function write(name: string, text: string): Promise<void> {
  await Bun.write(dir.join(name), text);
}

/** Records of a model, as the simulator's seed has them. */
async function seedOf(provider: string, model: string): Promise<unknown[]> {
  const simulator = createSimulator(pipelineDeps());
  const url = `http://s/records/${provider}/${encodeURIComponent(model)}?limit=250`;
  const response = await simulator.fetch(new Request(url));
  return response.ok ? ((await response.json()) as { records: unknown[] }).records : [];
}

const REPO = "https://api.github.com/repos/acme/web";
const githubIssue = (number: number) => ({
  id: number,
  number,
  title: `Issue ${number}`,
  state: "open",
  url: `${REPO}/issues/${number}`,
  repository_url: REPO,
  updated_at: "2026-05-20T00:00:00Z",
});

describe("relayfile ingest with records", () => {
  for (const provider of PROVIDERS.filter(({ id }) => id !== "github")) {
    test(`${provider.id}: a directory named after the models, arrays and lines alike`, async () => {
      let total = 0;
      for (const [at, model] of modelsOf(provider).entries()) {
        const records = await seedOf(provider.id, model);
        total += records.length;
        const lines = records.map((record) => JSON.stringify(record)).join("\n");
        const text = at % 2 === 0 ? JSON.stringify(records) : `${lines}\n`;
        await write(`${provider.id}/${model}.${at % 2 === 0 ? "json" : "ndjson"}`, text);
      }
      expect(total).toBeGreaterThan(10);
      const run = await cli(["ingest", provider.id, provider.id, "--json"]);
      expect(run.document).toMatchObject({
        kind: "relayfile.ingest",
        form: "records",
        connected: true,
        summary: { total, rejected: 0, duplicate: 0 },
      });
      expect(run.exit).toBe(0);
      const again = await cli(["ingest", provider.id, provider.id, "--json"]);
      expect(again.document).toMatchObject({
        connected: false,
        summary: { total, applied: 0, filesWritten: 0 },
      });
      const { tree } = await stack.workspace();
      const index = await tree.read(`/${provider.id}/_index.json`);
      expect(index).not.toBeNull();
      const digest = await tree.read("/digests/today.md");
      expect(new TextDecoder().decode(digest?.bytes)).toContain(`## ${provider.id}`);
    }, 20_000);
  }

  test("github: 2,500 lines from standard input, in three batches, with progress on stderr only", async () => {
    const lines = Array.from({ length: 2_500 }, (_, at) => JSON.stringify(githubIssue(at + 1)));
    const run = await cli(["ingest", "github", "-", "--model", "Issue", "--json", "-v"], lines.join("\n"));
    expect(run.document).toMatchObject({
      form: "records",
      summary: { total: 2_500, applied: 2_500, rejected: 0 },
      sources: [{ source: "standard input", model: "Issue", records: 2_500 }],
    });
    for (const sent of [1_000, 2_000, 2_500]) expect(run.stderr).toContain(`sent ${sent} of 2500 records`);
    const { tree } = await stack.workspace();
    expect(await tree.read("/github/repos/acme/web/issues/2500__issue-2500/meta.json")).not.toBeNull();
  }, 20_000);

  test("bad records are counted with their place, and the others are stored", async () => {
    const good = { id: "88001", key: "GOOD", name: "Good" };
    await write("bad/projects.ndjson", `${JSON.stringify(good)}\n{"name": "no id"}\n{"id": \n7\n`);
    const run = await cli(["ingest", "jira", "bad", "--json"]);
    expect(run.exit).toBe(1);
    expect(run.document).toMatchObject({
      summary: { total: 4, applied: 1, rejected: 3 },
      sources: [
        {
          model: "Project",
          rejects: [
            { index: 1, code: "record_without_id" },
            { index: 2, code: "malformed_payload", reason: expect.stringContaining("line 3") },
            { index: 3, code: "record_not_object" },
          ],
        },
      ],
    });
    const text = await cli(["ingest", "jira", "bad"]);
    expect(text.stdout).toContain("projects.ndjson record 2: line 3 is not valid JSON");
  });

  test("an ingested record can be edited at once: the stand-in knows it (S20)", async () => {
    await write("Project.json", JSON.stringify([{ id: "88002", key: "EDIT", name: "Editable" }]));
    expect((await cli(["ingest", "jira", "Project.json", "--json"])).exit).toBe(0);
    await write("edit.json", JSON.stringify({ name: "Edited" }));
    const run = await cli([
      "put",
      "/jira/projects/editable__88002.json",
      "--file",
      "edit.json",
      "--wait",
      "--json",
    ]);
    expect(run.document).toMatchObject({ op: { status: "succeeded" } });
  });

  test("what cannot be understood is refused before anything is sent", async () => {
    await write("thing.json", "[1, 2]");
    await write("words.ndjson", "hello\nworld\n");
    await write("empty/readme.md", "nothing");
    const cases: [string[], string][] = [
      [["ingest", "jira", "thing.json"], "of which model"],
      [["ingest", "jira", "words.ndjson", "--model", "Issue"], "neither JSON nor one JSON record per line"],
      [["ingest", "jira", "empty"], "holds no records"],
      [["ingest", "jira", "none.json"], "does not exist"],
      [["ingest", "jira", "-"], "of which model"],
      [["ingest", "jira", "thing.json", "--model", "Issue", "--event", "x"], "give one of them"],
    ];
    for (const [words, message] of cases) {
      const run = await cli(words);
      expect([words, run.exit, run.stderr.includes(message)]).toEqual([words, 2, true]);
    }
    const unknown = await cli(["ingest", "jira", "thing.json", "--model", "Widget"]);
    expect(unknown.exit).not.toBe(0);
    expect(unknown.stderr).toContain("no model Widget");
  });
});

describe("relayfile refresh --reset-schema", () => {
  test("a wrong sticky readOnly is forgotten when asked, and stays otherwise", async () => {
    const { MAY_2026_ERA } = await import("../../lib/model/era.ts");
    const era = { ...MAY_2026_ERA, sampler: "current", emission: "current" } as const;
    await using old = await testStack({ era, providers: ["jira"] });
    const path = "/discovery/jira/issues/.schema.json";
    const { tree } = await old.workspace();
    const wrong = { type: "object", properties: { fields: { type: "object", readOnly: true } } };
    const bytes = new TextEncoder().encode(JSON.stringify(wrong));
    const change = { kind: "write", path, bytes, contentType: "application/json" } as const;
    await tree.apply([change], { origin: "system", correlationId: "t" });
    const ports = bunPorts({ env: { RELAYFILE_HOME: old.dataDir }, cwd: dir.path });
    const readOnly = async () => {
      const file = await tree.read(path);
      return JSON.parse(new TextDecoder().decode(file?.bytes)).properties.fields.readOnly;
    };
    expect((await runCli(["refresh", "--json"], ports)).exit).toBe(0);
    expect(await readOnly()).toBe(true);
    expect((await runCli(["refresh", "--reset-schema", "jira/issues", "--json"], ports)).exit).toBe(0);
    expect(await readOnly()).toBeUndefined();
    const unknown = await runCli(["refresh", "--reset-schema", "jira/nothing"], ports);
    expect(unknown.stderr).toContain('no schema to reset for "jira/nothing"');
    expect(
      (await runCli(["refresh", "--reset-schema", "jira/issues", "--provider", "jira"], ports)).exit,
    ).toBe(2);
  }, 20_000);
});

describe("relayfile ingest with webhooks", () => {
  test("counts the same in every workspace, whatever the stand-in learned from another (S14, S32)", async () => {
    const payloads = `${import.meta.dir}/../../node_modules/@octokit/webhooks-examples/api.github.com/index.json`;
    const summaries: unknown[] = [];
    for (const name of ["first", "second"]) {
      expect((await cli(["workspace", "create", name, "--json"])).exit).toBe(0);
      expect((await cli(["workspace", "join", name, "--json"])).exit).toBe(0);
      const run = await cli(["ingest", "github", payloads, "--workspace", name, "--json"]);
      expect(run.exit).toBe(0);
      summaries.push((run.document as { summary: unknown }).summary);
    }
    expect(summaries[0]).toMatchObject({
      total: 329,
      applied: 53,
      duplicate: 28,
      stale: 55,
      notApplicable: 193,
    });
    expect(summaries[1]).toEqual(summaries[0]);
  }, 60_000);
});
