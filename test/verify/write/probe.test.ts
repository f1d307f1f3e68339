import { describe, expect, test } from "bun:test";
import type { Fetch, Ports } from "../../../lib/ports.ts";
import { Report } from "../../../verify/report.ts";
import { fastClock } from "../../support/fast-clock.ts";
import { type ReportRig, type RigOptions, reportRig } from "../../support/report-rig.ts";
import { type CliOptions, runCli } from "../../support/run-cli.ts";
import type { RecordedTerminal } from "../../support/terminal.ts";

const HELLO = "/github/repos/Codertocat/Hello-World/issues";
const MARKER = "[relayfile writeback test ";
const ENV = { RELAYFILE_PROVIDER_TOKEN: "provider-token-of-the-test" };

async function probe(
  rig: ReportRig,
  words: string,
  options: { ports?: Ports; cli?: CliOptions } = {},
): Promise<{ report: Report; exit: number }> {
  const { fileApiUrl, controlPlaneUrl } = rig.stack;
  const run = await runCli(
    [
      "verify",
      "writeback",
      ...words.split(" "),
      "--file-api",
      fileApiUrl,
      "--control-plane",
      controlPlaneUrl,
      "--json",
      "-v",
    ],
    options.ports ?? rig.ports,
    options.cli ?? {},
  );
  return { report: Report.parse(run.document), exit: run.exit };
}

const writing = async (options: RigOptions = {}) => {
  const rig = await reportRig({ providers: ["linear", "jira"], env: ENV, ...options });
  await rig.ingestGithub();
  return rig;
};
const upstream = (rig: ReportRig) => `--provider-url ${rig.stack.simulatorUrl}/{provider}`;
const statusOf = (report: Report, id: string) => report.checks.find((check) => check.id === id)?.status;
const codes = (report: Report) => report.findings.map(({ code }) => code);
/** Calls that create something marked at the provider. */
const creates = (rig: ReportRig, provider: string) =>
  rig.stack.simulator.calls.filter(({ provider: name, method, body }) => {
    const text = JSON.stringify(body) ?? "";
    const creating = !text.includes('"query"') || text.includes("issueCreate");
    return name === provider && method === "POST" && creating && text.includes(MARKER);
  });

/** Every file of the workspace with its revision and text. */
async function tree(rig: ReportRig): Promise<Map<string, { revision: string; text: string }>> {
  const headers = { authorization: `Bearer ${rig.token()}`, "x-correlation-id": "tree" };
  const base = `${rig.stack.fileApiUrl}/v1/workspaces/${rig.stack.workspaceId}/fs`;
  const files = new Map<string, { revision: string; text: string }>();
  let cursor = "";
  do {
    const query = new URLSearchParams({ path: "/", depth: "100", ...(cursor === "" ? {} : { cursor }) });
    const page = (await (await fetch(`${base}/tree?${query}`, { headers })).json()) as {
      entries: { path: string; type: string; revision: string }[];
      nextCursor: string | null;
    };
    for (const { path, type, revision } of page.entries) {
      if (type !== "file") continue;
      const file = await fetch(`${base}/file?${new URLSearchParams({ path })}`, { headers });
      files.set(path, { revision, text: ((await file.json()) as { content: string }).content });
    }
    cursor = page.nextCursor ?? "";
  } while (cursor !== "");
  return files;
}

/** Derived files that any sync rewrites: they hold lists, not records. */
const DERIVED = /\/_index\.json$|^\/digests\/|\/LAYOUT\.md$/;

/** Asserts that no file was changed, made or removed but those that carry the marker, receipts, and lists. */
function expectOnlyMarked(
  before: Awaited<ReturnType<typeof tree>>,
  after: Awaited<ReturnType<typeof tree>>,
): void {
  const touched = [...new Set([...before.keys(), ...after.keys()])].filter(
    (path) => before.get(path)?.revision !== after.get(path)?.revision && !DERIVED.test(path),
  );
  const unmarked = touched.filter((path) => {
    const text = after.get(path)?.text ?? before.get(path)?.text ?? "";
    return !text.includes(MARKER) && !text.includes("relayfile.receipt");
  });
  expect(unmarked).toEqual([]);
}

describe("verify writeback --allow-write", () => {
  for (const [provider, words, deletes] of [
    ["jira", "jira --allow-write", true],
    ["linear", "linear --allow-write", true],
    ["github", `github --allow-write --path ${HELLO}`, false],
  ] as const) {
    test(`follows a throwaway to ${provider} and back and touches nothing else (S21)`, async () => {
      await using rig = await writing();
      const before = await tree(rig);
      const { report, exit } = await probe(rig, `${words} ${upstream(rig)}`);
      expect(exit).toBe(0);
      for (const id of [
        "write-accepted",
        "write-arrives",
        "record-appears",
        "repeat-creates-nothing",
        "edit-shows",
      ])
        expect([id, statusOf(report, `writeback.${id}`)]).toEqual([id, "pass"]);
      expect(statusOf(report, "writeback.provider-shows-write")).toBe("pass");
      expect(statusOf(report, "writeback.delete-removes")).toBe(deletes ? "pass" : "skip");
      expect(creates(rig, provider)).toHaveLength(1);
      expect(report.writes).toHaveLength(1);
      expect(report.writes?.[0]).toMatchObject({
        provider,
        action: "create",
        state: deletes ? "removed" : "left",
      });
      expect(report.writes?.[0]?.undo === null).toBe(deletes);
      const after = await tree(rig);
      expectOnlyMarked(before, after);
      const remains = [...after.values()].some(
        ({ text }) => text.includes(MARKER) && text.includes("payload"),
      );
      expect(remains).toBe(!deletes);
      expect(JSON.stringify(report)).not.toContain(ENV.RELAYFILE_PROVIDER_TOKEN);
    });
  }

  test("edits the record that the operator names and puts it back", async () => {
    await using rig = await writing();
    const before = await tree(rig);
    const named = [...before.keys()].find((path) =>
      /^\/linear\/issues\/[A-Z]+-\d+__[0-9a-f-]{36}\.json$/.test(path),
    );
    const { report, exit } = await probe(rig, `--allow-write --path ${named} ${upstream(rig)}`);
    expect(exit).toBe(0);
    expect(statusOf(report, "writeback.edit-shows")).toBe("pass");
    expect(statusOf(report, "writeback.provider-shows-write")).toBe("pass");
    expect(report.writes?.[0]).toMatchObject({ action: "edit", path: named, state: "restored", undo: null });
    const after = await tree(rig);
    const payload = (files: typeof before) => {
      const record = JSON.parse(files.get(named ?? "")?.text ?? "{}") as { payload: Record<string, unknown> };
      return { ...record.payload, updatedAt: null };
    };
    expect(payload(after)).toEqual(payload(before));
    const others = [...before].filter(([path, { revision }]) => after.get(path)?.revision !== revision);
    const id = /__([0-9a-f-]{36})/.exec(named ?? "")?.[1] ?? "";
    expect(others.filter(([path, { text }]) => !DERIVED.test(path) && !text.includes(id))).toEqual([]);
  });

  test("writes nothing without consent, and says which flag would let it", async () => {
    await using rig = await writing();
    const before = await tree(rig);
    const { report, exit } = await probe(rig, "jira");
    expect(exit).toBe(0);
    expect(report.checks.find(({ id }) => id === "writeback.probe-prepared")).toMatchObject({
      status: "skip",
      flag: "--allow-write",
    });
    expect(report.writes).toBeUndefined();
    // Reading many files at once takes a POST.
    const writes = report.exchanges.filter(
      ({ request }) => request.method !== "GET" && !request.url.endsWith("/fs/bulk-read"),
    );
    expect(writes).toEqual([]);
    expectOnlyMarked(before, await tree(rig));
    for (const words of [`--path ${HELLO}`, "--only writeback.write-arrives", "--with team=OPS"]) {
      const line = `verify writeback ${words} --json -v --file-api ${rig.stack.fileApiUrl}`;
      const refused = await runCli(line, rig.ports);
      expect([words, refused.exit]).toEqual([words, 5]);
      expect(refused.document).toMatchObject({ error: { code: "consent_required", exit: "SAFETY" } });
    }
    expect(rig.stack.simulator.calls.filter(({ body }) => JSON.stringify(body)?.includes(MARKER))).toEqual(
      [],
    );
  });

  test("guesses no parent: a provider without a collection of its own is undetermined", async () => {
    await using rig = await writing();
    const { report, exit } = await probe(rig, "github --allow-write");
    expect(exit).toBe(3);
    expect(report.writes).toBeUndefined();
    expect(report.checks.find(({ id }) => id === "writeback.probe-prepared")?.reason).toContain(
      "--path COLLECTION",
    );
  });

  test("names the provider's refusal, and leaves nothing at the provider", async () => {
    await using rig = await writing();
    rig.stack.simulator.failNext("jira", 1, {
      status: 400,
      body: { errorMessages: ["project is archived"] },
    });
    const { report, exit } = await probe(rig, "jira --allow-write");
    expect(exit).toBe(1);
    const root = report.findings.find(({ id }) => id === report.rootCauses[0]);
    expect(root).toMatchObject({
      code: "writeback.probe-rejected",
      title: expect.stringContaining("project is archived"),
    });
    expect(report.rootCauses).toHaveLength(1);
    expect(report.writes?.[0]).toMatchObject({
      state: "never-arrived",
      undo: { argv: expect.arrayContaining(["rm"]) },
    });
  });

  test("names a mutation that was declined with a 200", async () => {
    await using rig = await writing();
    rig.stack.simulator.declineNext("linear");
    const { report, exit } = await probe(rig, "linear --allow-write");
    expect(exit).toBe(1);
    expect(codes(report)).toContain("writeback.probe-rejected");
  });

  test("repeats a write whose reply was lost with the same identity: one record", async () => {
    let lost = 0;
    const wrapFetch = (real: Fetch): Fetch => {
      return async (request) => {
        const answer = await real(request);
        const first = request.method === "PUT" && request.headers.get("if-match") === "0" && lost++ === 0;
        if (first) throw Object.assign(new Error("socket closed"), { code: "ECONNRESET" });
        return answer;
      };
    };
    await using rig = await writing({ wrapFetch });
    const { report, exit } = await probe(rig, "jira --allow-write");
    expect(exit).toBe(0);
    expect(report.checks.find(({ id }) => id === "writeback.write-accepted")?.reason).toContain(
      "1 lost reply",
    );
    expect(creates(rig, "jira")).toHaveLength(1);
    expect(report.writes?.[0]?.state).toBe("removed");
  });

  test("tells an executor that is down from a provider that refuses, after two minutes", async () => {
    await using rig = await writing();
    await connectElsewhere(rig, "jira");
    const clock = fastClock(rig.ports.clock);
    const { report, exit } = await probe(rig, "jira --allow-write", { ports: { ...rig.ports, clock } });
    expect(exit).toBe(1);
    expect(codes(report)).toContain("writeback.executor-down");
    expect(codes(report)).not.toContain("writeback.probe-rejected");
    expect(clock.slept.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThanOrEqual(119_000);
    expect(report.writes?.[0]).toMatchObject({
      state: "unknown",
      undo: { text: expect.stringContaining("may still arrive") },
    });
    expect(creates(rig, "jira")).toEqual([]);
  });

  test("finds a write that the provider never got", async () => {
    const wrapFetch = (real: Fetch): Fetch => {
      return async (request) =>
        new URL(request.url).pathname.startsWith("/elsewhere/")
          ? Response.json({}, { status: 404 })
          : real(request);
    };
    await using rig = await writing({ wrapFetch });
    const { report, exit } = await probe(
      rig,
      `jira --allow-write --provider-url ${rig.stack.simulatorUrl}/elsewhere`,
    );
    expect(exit).toBe(1);
    expect(codes(report)).toContain("writeback.not-upstream");
  });

  test("says what it wrote when it is stopped in the middle", async () => {
    for (const moment of ["PUT 2", "GET ops", "PUT 4", "DELETE 1"]) {
      let terminal: RecordedTerminal | undefined;
      const seen: Record<string, number> = {};
      const wrapFetch = (real: Fetch): Fetch => {
        return async (request) => {
          const { pathname } = new URL(request.url);
          const name = /\/ops\/op_/.test(pathname) ? "GET ops" : request.method;
          seen[name] = (seen[name] ?? 0) + 1;
          const answer = await real(request);
          if (moment === name || moment === `${name} ${seen[name]}`) terminal?.signal("SIGINT");
          return answer;
        };
      };
      await using rig = await writing({ providers: ["jira"], wrapFetch });
      const { report, exit } = await probe(rig, "jira --allow-write", {
        cli: {
          onTerminal: (made) => {
            terminal = made;
          },
        },
      });
      expect([moment, exit]).toEqual([moment, 130]);
      expect([moment, report.writes?.length]).toEqual([moment, 1]);
      const [entry] = report.writes ?? [];
      expect(entry?.marker).toStartWith(MARKER);
      expect(entry?.undo).not.toBeNull();
      expect(["unknown", "left"]).toContain(entry?.state ?? "");
    }
  });
});

/** Moves an integration to a backend that has no executor here. */
async function connectElsewhere(rig: ReportRig, provider: string): Promise<void> {
  const { controlPlaneUrl, workspaceId } = rig.stack;
  const answer = await fetch(
    `${controlPlaneUrl}/api/v1/workspaces/${workspaceId}/integrations/connect-session`,
    {
      method: "POST",
      headers: {
        authorization: `Bearer ${rig.token()}`,
        "content-type": "application/json",
        "x-correlation-id": "c",
      },
      body: JSON.stringify({ allowedIntegrations: [provider], requestedBackend: "somewhere-else" }),
    },
  );
  if (!answer.ok) throw new Error(`connect answered ${answer.status}: ${await answer.text()}`);
}
