import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { credentialsOf } from "../../lib/client/login.ts";
import { openSession } from "../../lib/client/session.ts";
import { resolveTarget } from "../../lib/client/target.ts";
import { IssuedTokens } from "../../lib/model/cloud.ts";
import { bunPorts } from "../../lib/runtime/bun/ports.ts";
import { type Stack, startStack } from "../../lib/runtime/bun/stack.ts";
import { type CliRun, runCli } from "../support/run-cli.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

/** The typed commands against the real embedded stack, in the order in which a person would use them. */

const EXAMPLES = "node_modules/@octokit/webhooks-examples/api.github.com/index.json";
let dir: TempDir;
let stack: Stack;

beforeAll(async () => {
  dir = tempDir("relayfile-stack-");
  const options = { dataDir: dir.join("data"), workspaceName: "demo", providers: ["jira", "linear"] };
  stack = await startStack({ ...options, ports: bunPorts({ env: {} }) });
}, 30_000);

afterAll(async () => {
  await stack.stop();
  dir.remove();
});

/** Runs a command as somebody who has only what `serve` prints. */
function cli(words: string, env: Record<string, string> = {}, stdin = ""): Promise<CliRun> {
  const variables = { RELAYFILE_HOME: stack.dataDir, ...env };
  return runCli(words.split(" "), bunPorts({ env: variables, cwd: dir.path }), stdin);
}

/** Variables of somebody with a home directory of their own. */
function elsewhere(name: string, more: Record<string, string> = {}) {
  return { RELAYFILE_HOME: dir.join(name), RELAYFILE_CLOUD_API_URL: stack.controlPlaneUrl, ...more };
}

/** The credential document of a sign-in of its own, as a browser would bring it. */
async function freshSession(): Promise<string> {
  const query = new URLSearchParams({ redirect_uri: "http://127.0.0.1:9/callback", state: "s" });
  const answer = await fetch(`${stack.controlPlaneUrl}/api/v1/cli/login?${query}`, { redirect: "manual" });
  const tokens = IssuedTokens.parse(
    Object.fromEntries(new URL(answer.headers.get("location") ?? "").searchParams),
  );
  return JSON.stringify(credentialsOf(tokens, stack.controlPlaneUrl, Date.now()));
}

describe("S33: every line of the curl sheet is a command", () => {
  test("S01: tree of the workspace, each service by its own URL", async () => {
    const run = await cli("tree --json");
    expect(run).toMatchObject({ exit: 0, stderr: "" });
    const paths = (run.document.entries as { path: string }[]).map((entry) => entry.path);
    expect(paths).toEqual(
      expect.arrayContaining(["/LAYOUT.md", "/digests", "/discovery", "/jira", "/linear"]),
    );
    expect(stack.controlPlaneUrl).not.toBe(stack.fileApiUrl);
  });

  test("tree of one provider, at any depth, is complete", async () => {
    const { document } = await cli("tree /jira --depth 100 --json");
    const files = (document.entries as { type: string }[]).filter((entry) => entry.type === "file");
    expect(files).toHaveLength(document.totalFiles as number);
  });

  test("a discovery schema is read with its revision", async () => {
    const tree = await cli("tree /discovery --depth 6 --json");
    const paths = (tree.document.entries as { path: string }[]).map((entry) => entry.path);
    const schema = paths.find((path) => path.endsWith("/issues/.schema.json")) ?? "none";
    const { document } = await cli(`cat ${schema} --json`);
    expect(Object.keys(JSON.parse(document.content as string).properties)).not.toEqual([]);
    expect(document.revision).toMatch(/^rev_\d+$/);
  });

  test("join, refresh, integration status and ops", async () => {
    const joined = await cli(
      "workspace join demo --json",
      elsewhere("joiner", { RELAYFILE_CLOUD_TOKEN_FILE: stack.cloudTokenFile }),
    );
    expect(joined.document).toMatchObject({
      workspaceId: stack.workspaceId,
      cloudId: stack.cloudWorkspaceId,
      fileApiUrl: stack.fileApiUrl,
      scopes: { missing: [] },
    });
    const refresh = await cli("refresh --json");
    expect(refresh).toMatchObject({ exit: 0 });
    expect(refresh.document).toMatchObject({
      refreshed: [{ provider: "jira", backfilled: true }, { provider: "linear" }],
    });
    expect((await cli("integration status jira --json")).document).toMatchObject({ status: { ready: true } });
    expect((await cli("ops list --json")).document).toMatchObject({ kind: "relayfile.ops" });
  });

  test("S04: the workspace token alone reaches files and this workspace's control plane routes", async () => {
    const env = elsewhere("token-only", { RELAYFILE_TOKEN_FILE: stack.tokenFile });
    for (const line of ["tree", "ops list", "refresh", "integration status jira", "integration list"]) {
      expect(`${line}: ${(await cli(line, env)).exit}`).toBe(`${line}: 0`);
    }
    const other = { ...env, RELAYFILE_WORKSPACE: "rw_otherone" };
    for (const line of ["tree", "integration status jira"]) {
      expect(`${line}: ${(await cli(line, other)).exit}`).toBe(`${line}: 4`);
    }
  });
});

describe("files and writebacks", () => {
  test("S20: an edit of a record reaches the provider and can be waited for", async () => {
    const { document } = await cli("tree /jira/issues --depth 1 --json");
    const paths = (document.entries as { path: string }[]).map((entry) => entry.path);
    const path =
      paths.find((one) => /\/[a-z-]+__\d+\.json$/.test(one)) ??
      paths.find((one) => /\/\d+\.json$/.test(one)) ??
      "";
    const record = JSON.parse((await cli(`cat ${path}`)).stdout);
    const body = JSON.stringify({ ...record, summary: "Changed by a command" });
    const run = await cli(`put ${path} --wait --json`, {}, body);
    expect(run.document).toMatchObject({ kind: "relayfile.write", provider: "jira" });
    const shown = await cli(`ops show ${run.document.opId} --json`);
    expect(shown.document).toMatchObject({ op: { opId: run.document.opId, status: run.document.opStatus } });
  });

  test("an ordinary file is written, read, conflicted and removed", async () => {
    expect(await cli("put /notes/a.md --wait", {}, "one")).toMatchObject({ exit: 0 });
    expect(await cli("cat /notes/a.md")).toMatchObject({ exit: 0, stdout: "one" });
    const stale = await cli("put /notes/a.md --if-match 0 --json", {}, "two");
    expect(stale).toMatchObject({ exit: 1 });
    expect(stale.document).toMatchObject({ error: { code: "revision_conflict" } });
    expect(await cli("rm /notes/a.md --wait")).toMatchObject({ exit: 0 });
    expect(await cli("cat /notes/a.md")).toMatchObject({ exit: 1 });
  });

  test("bytes that are no text survive", async () => {
    const bytes = new Uint8Array([0, 255, 1, 254]);
    await Bun.write(dir.join("in.bin"), bytes);
    await cli("put /notes/b.bin --file in.bin");
    await cli("cat /notes/b.bin --output out.bin");
    expect(await Bun.file(dir.join("out.bin")).bytes()).toEqual(bytes);
  });

  test("export as JSON is the whole subtree", async () => {
    const run = await cli("export /linear --format json --output linear.json --json");
    expect(run).toMatchObject({ exit: 0 });
    const { document } = await cli("tree /linear --json");
    expect(await Bun.file(dir.join("linear.json")).json()).toHaveLength(document.totalFiles as number);
  });
});

describe("ingest", () => {
  test("S14: takes all 329 real GitHub payloads, each with an outcome, and again as duplicates", async () => {
    const index = `${process.cwd()}/${EXAMPLES}`;
    const run = await cli(`ingest github ${index} --json`);
    expect(run).toMatchObject({ exit: 0 });
    const summary = run.document.summary as Record<string, number>;
    expect(summary).toMatchObject({ total: 329, rejected: 0 });
    const payloads = run.document.payloads as { status: string; reason: string | null }[];
    expect(payloads.filter((one) => one.status !== "applied" && one.reason === null)).toEqual([]);
    const again = await cli(`ingest github ${index} --json`);
    expect(again.document).toMatchObject({ connected: false, summary: { duplicate: 329, applied: 0 } });
    const digest = await cli("cat /digests/today.md");
    expect(digest.stdout).toContain("## github");
  }, 60_000);
});

describe("workspaces and identities", () => {
  test("S02: sign in, create, use, delete and sign out, in a home of one's own", async () => {
    const env = elsewhere("owner");
    expect((await cli("login --token-stdin --json", env, await freshSession())).document).toMatchObject({
      identity: "cloud",
    });
    expect((await cli("workspace create second --json", env)).document).toMatchObject({
      created: true,
      name: "second",
    });
    expect((await cli("whoami --json", env)).document).toMatchObject({
      cloud: { state: "signed-in" },
      workspace: { state: "accepted", name: "second", missingScopes: [] },
    });
    expect(await cli("workspace use demo", env)).toMatchObject({ exit: 0 });
    expect((await cli("tree /jira --json", env)).document).toMatchObject({ workspaceId: stack.workspaceId });
    expect((await cli("tree second / --json", env)).document).toMatchObject({ entries: [] });
    const listed = (await cli("workspace list --json", env)).document.workspaces as {
      name: string;
      remote: boolean;
    }[];
    expect(listed.map((one) => [one.name, one.remote])).toEqual([
      ["demo", true],
      ["second", true],
    ]);
    expect(await cli("workspace delete second --remote --yes", env)).toMatchObject({ exit: 0 });
    expect(await cli("tree second /", env)).toMatchObject({ exit: 1 });
    expect(await cli("logout", env)).toMatchObject({ exit: 0 });
    expect(await cli("whoami", env)).toMatchObject({ exit: 4 });
  });

  test("S02: a browser brings the tokens to the waiting command", async () => {
    const words = [process.execPath, "cli.ts", "login", "--browser", "--no-open", "--json"];
    const env = { ...elsewhere("browser"), PATH: process.env.PATH ?? "" };
    const login = Bun.spawn([...words], { env, stderr: "pipe", stdout: "pipe" });
    let told = "";
    for await (const chunk of login.stderr) {
      told += new TextDecoder().decode(chunk);
      if (told.includes("\n")) break;
    }
    const page = await fetch(/sign in at (\S+)/.exec(told)?.[1] ?? "");
    expect(await page.text()).toContain("Signed in");
    expect(await login.exited).toBe(0);
    expect(JSON.parse(await new Response(login.stdout).text())).toMatchObject({
      method: "browser",
      identity: "cloud",
    });
    expect(await cli("workspace list", elsewhere("browser"))).toMatchObject({ exit: 0 });
  });

  test("S02: a renewable token outlives its hour without any cloud session", async () => {
    const env = elsewhere("daemon");
    await cli("login --token-stdin", env, await freshSession());
    const joined = await cli("workspace join demo --renewable --json", env);
    expect(joined.document).toMatchObject({ workspaceId: stack.workspaceId, scopes: { missing: [] } });
    expect(Date.parse(joined.document.renewableUntil as string)).toBeGreaterThan(
      Date.now() + 80 * 86_400_000,
    );
    const file = dir.join(`daemon/tokens/${stack.workspaceId}.json`);
    const pair = await Bun.file(file).json();
    const spent = { ...pair, token: await stack.mint(["fs:read"], { lifetimeMs: -60_000 }) };
    for (const path of [file, dir.join("daemon/credentials.json")])
      await Bun.write(path, JSON.stringify(spent));
    await Bun.file(dir.join("daemon/cloud-credentials.json")).delete();
    const variables = { RELAYFILE_HOME: dir.join("daemon") };
    expect(await cli("tree demo /", variables)).toMatchObject({ exit: 0 });
    expect((await Bun.file(file).json()).refreshToken).not.toBe(pair.refreshToken);
    expect(await cli("tree demo /", variables)).toMatchObject({ exit: 0 });
  });

  test("a mount session holds everything a mount needs", async () => {
    const ports = bunPorts({ env: { RELAYFILE_HOME: stack.dataDir } });
    const session = openSession(await resolveTarget({}, ports, { lookup: false }), ports);
    const request = { localDir: "/mirror", scopes: ["fs:read"] };
    const mount = await session.controlAsWorkspace.mountSession(stack.workspaceId, request);
    expect(mount).toMatchObject({
      workspaceId: stack.workspaceId,
      relayfileBaseUrl: stack.fileApiUrl,
      scopes: ["fs:read"],
    });
    const uuid = session.control.mountSession(stack.cloudWorkspaceId, request);
    await expect(uuid).rejects.toMatchObject({ code: "workspace_not_found" });
  });

  test("S31: a deleted workspace is gone for a token that is still good", async () => {
    const env = elsewhere("reader", { RELAYFILE_CLOUD_TOKEN_FILE: stack.cloudTokenFile });
    const created = (await cli("workspace create third --json", env)).document;
    expect(await cli("put /secret.md", env, "x")).toMatchObject({ exit: 0 });
    const token = await Bun.file(dir.join("reader/credentials.json")).text();
    await Bun.write(dir.join("kept.json"), token);
    expect(await cli("workspace delete third --remote --yes", env)).toMatchObject({ exit: 0 });
    const run = await cli(
      "cat /secret.md --token-file kept.json",
      elsewhere("nobody", { RELAYFILE_WORKSPACE: `${created.workspaceId}` }),
    );
    expect(run.exit).not.toBe(0);
    expect(run.stdout).toBe("");
  });
});

describe("bad input", () => {
  test("swapped URLs, wrong token kinds, wrong workspaces and a closed port", async () => {
    const port = new URL(stack.fileApiUrl).port;
    const both = `--file-api ${stack.controlPlaneUrl} --control-plane ${stack.fileApiUrl}`;
    const files = `--token-file ${stack.tokenFile} --cloud-token-file ${stack.cloudTokenFile}`;
    const cases: [line: string, exit: number, code: string][] = [
      [`tree ${both} ${files} --json`, 1, "wrong_service"],
      [`integration status jira ${both} ${files} --json`, 1, "wrong_service"],
      [`tree --workspace demo --token-file ${stack.cloudTokenFile} --json`, 4, "wrong_token_kind"],
      [`tree --workspace nosuch --json`, 1, "workspace_not_found"],
      [`whoami ${both} ${files} --json`, 1, "wrong_service"],
      [`tree --file-api http://127.0.0.1:${port === "1" ? 2 : 1} ${files} --json`, 3, "network_unreachable"],
      [`workspace list --control-plane ${stack.fileApiUrl} ${files} --json`, 1, "wrong_service"],
    ];
    for (const [line, exit, code] of cases) {
      const run = await cli(line);
      const error = (run.document.error ??
        run.document.problem ??
        (run.document.cloud as { problem: object } | undefined)?.problem ??
        {}) as { code?: string; hint?: string };
      expect(`${line}: ${run.exit} ${error.code}`).toBe(`${line}: ${exit} ${code}`);
      expect(error.hint).toBeTruthy();
    }
  });

  test("an expired token is said to be expired and is replaced when a session exists", async () => {
    const expired = await stack.mint(["fs:read"], { lifetimeMs: -60_000 });
    await Bun.write(dir.join("expired.txt"), expired);
    const explicit = await cli("tree --token-file expired.txt --json");
    expect(explicit.document).toMatchObject({ error: { code: "token_expired" } });
    const env = elsewhere("renewer");
    await cli("login --token-stdin", env, await freshSession());
    await Bun.write(
      dir.join("renewer/credentials.json"),
      JSON.stringify({ server: stack.fileApiUrl, token: expired }),
    );
    expect(await cli("tree", env)).toMatchObject({ exit: 0 });
    expect((await Bun.file(dir.join("renewer/credentials.json")).json()).token).not.toBe(expired);
  });
});
