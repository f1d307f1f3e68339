/** The Worker in real workerd: what survives a restart, what a deletion leaves, who wakes an object, what the alarm does. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import type { Bucket } from "../../../../lib/runtime/workers/types.ts";
import { newKeyText } from "../../../../lib/service/control-plane/keys.ts";
import { ALL_SCOPES, api, cloud, put, until } from "../../../contract/target.ts";
import { tempDir } from "../../../support/temp-dir.ts";
import { type TestWorker, testWorker } from "../../../support/worker.ts";

const LARGE = "0123456789abcdef".repeat(8_192);

describe("WorkspaceObject", () => {
  let signingKey: string;
  let worker: TestWorker | null = null;
  beforeAll(async () => {
    signingKey = await newKeyText();
  });
  const dir = tempDir("relayfile-workerd-");
  afterAll(() => dir.remove());
  const start = async (variables: Record<string, string> = {}) => {
    worker = await testWorker({ signingKey, dataDir: dir.path, variables });
    return worker;
  };
  afterEach(async () => {
    await worker?.stop();
    worker = null;
  });
  const bodies = async (of: TestWorker) => {
    const bucket = (await of.workerd.miniflare.getR2Bucket("BODIES")) as unknown as Bucket;
    return (await bucket.list({ prefix: "" })).objects.map(({ key }) => key);
  };
  /** One database file per object that ever stored something. */
  const objects = (className: string) => {
    const folder = readdirSync(dir.join("do")).find((name) => name.endsWith(className)) ?? "";
    return readdirSync(dir.join("do", folder)).filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name));
  };

  test("keeps files, large bodies and sessions over a restart, and its events go on", async () => {
    const first = await start();
    const target = await first.target();
    const { accessToken } = await target.cloud();
    await put(target, "/small", "one");
    const revision = await put(target, "/large", LARGE);
    expect(await bodies(first)).toEqual([
      expect.stringMatching(new RegExp(`^${target.workspaceId}/large@rev_\\d+$`)),
    ]);
    await first.stop();

    const second = await start();
    const again = {
      ...target,
      fileApiUrl: second.workerd.url,
      controlPlaneUrl: `${second.workerd.url}/cloud`,
    };
    expect((await api(again, "GET", "fs/file?path=/small")).body.content).toBe("one");
    expect((await api(again, "GET", "fs/file?path=/large")).body).toMatchObject({ revision, content: LARGE });
    expect((await cloud(again, "GET", "auth/whoami", { token: accessToken })).status).toBe(200);
    // The digest that was due when the first life ended is written by the second.
    const told = await until(
      async () => (await api(again, "GET", "fs/events?direction=desc&limit=1")).body.events[0].path,
      (path: string) => path.startsWith("/digests/"),
    );
    expect(told).toStartWith("/digests/");
    await put(again, "/small", "two");
    const { events } = (await api(again, "GET", "fs/events?limit=1000")).body;
    const own = events.filter(({ path }: { path: string }) => !path.startsWith("/digests/"));
    expect(own.map(({ path }: { path: string }) => path)).toEqual(["/small", "/large", "/small"]);
    expect(new Set(events.map(({ eventId }: { eventId: string }) => eventId)).size).toBe(events.length);
  });

  test("keeps every acknowledged write when the engine is killed under load", async () => {
    const first = await start();
    const target = await first.target();
    const pid = Number(Bun.spawnSync(["pgrep", "-n", "-P", `${process.pid}`, "workerd"]).stdout.toString());
    const acknowledged = new Map<string, string>();
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let n = 0; ; n++) {
        const path = `/kill/${writer}/${n}`;
        const content = n % 5 === 0 ? `${path}${LARGE}` : path;
        const answer = await api(target, "PUT", `fs/file?path=${path}`, {
          body: { content },
          headers: { "If-Match": "0" },
        }).catch(() => null);
        if (answer === null) return;
        if (answer.status === 202) acknowledged.set(path, answer.body.targetRevision);
        if (acknowledged.size === 60) process.kill(pid, "SIGKILL");
      }
    });
    await Promise.all(writers);
    await first.stop();
    worker = null;

    const second = await start();
    const again = { ...target, fileApiUrl: second.workerd.url };
    expect(acknowledged.size).toBeGreaterThanOrEqual(60);
    for (const [path, revision] of acknowledged) {
      const { body } = await api(again, "GET", `fs/file?path=${path}`);
      expect([path, body.revision, body.content?.startsWith(path)]).toEqual([path, revision, true]);
    }
    const next = await put(again, "/kill/after", "1");
    expect([...acknowledged.values()]).not.toContain(next);
  });

  test("is deleted with its rows and bodies, and never comes back (S31)", async () => {
    const running = await start();
    const target = await running.target();
    const { accessToken: token } = await target.cloud();
    await put(target, "/large", LARGE);
    const mine = (keys: string[]) => keys.filter((key) => key.startsWith(target.workspaceId));
    expect(mine(await bodies(running))).toHaveLength(1);
    const remove = () => cloud(target, "DELETE", `workspaces/${target.workspaceId}`, { token });
    expect((await remove()).status).toBe(204);
    expect(mine(await bodies(running))).toEqual([]);
    expect((await api(target, "GET", "fs/tree")).body.code).toBe("workspace_not_found");
    expect((await remove()).status).toBe(404);
  });

  test("does not wake for strangers: no object stores anything for a refused request", async () => {
    const running = await start();
    const target = await running.target();
    await put(target, "/a", "1");
    const before = objects("WorkspaceObject");
    const stranger = await running.token("rw_00000000", ALL_SCOPES);
    const refused: [string, string | null, number][] = [
      ["/v1/workspaces/rw_11111111/fs/tree", null, 401],
      ["/v1/workspaces/rw_11111111/fs/tree", "garbage", 401],
      ["/v1/workspaces/rw_11111111/fs/tree", stranger, 403],
      ["/v1/workspaces/rw_00000000/nope", null, 404],
    ];
    for (const [path, token, status] of refused) {
      const answer = await api(target, "GET", path, { token });
      expect([path, answer.status]).toEqual([path, status]);
    }
    expect(objects("WorkspaceObject")).toEqual(before);
  });

  test("refuses a value that no row can hold, and nothing of the write stays", async () => {
    const target = await (await start()).target();
    const answer = await api(target, "PUT", "fs/file?path=/a", {
      body: { content: "1", semantics: { properties: { big: "x".repeat(3_000_000) } } },
      headers: { "If-Match": "*" },
    });
    expect([answer.status, answer.body.code]).toEqual([413, "payload_too_large"]);
    expect((await api(target, "GET", "fs/file?path=/a")).status).toBe(404);
    expect((await api(target, "GET", "fs/events")).body.events).toEqual([]);
  });

  test("executes an op at the provider from its alarm", async () => {
    const running = await start();
    const target = await running.target();
    const { accessToken: token } = await target.cloud();
    const here = (rest: string) => `workspaces/${target.workspaceId}/${rest}`;
    await cloud(target, "POST", here("integrations/connect-session"), {
      token,
      body: { allowedIntegrations: ["jira"] },
    });
    await until(
      async () => (await cloud(target, "GET", here("integrations/jira/status"), { token })).body,
      ({ ready }) => ready === true,
    );
    running.simulator.calls.length = 0;
    const issue = "fs/file?path=/jira/issues/10005.json";
    const { body: file } = await api(target, "GET", issue);
    const record = JSON.parse(file.content);
    (record.fields ?? record.payload.fields).summary = "Changed by an agent";
    const written = await api(target, "PUT", issue, {
      body: { content: JSON.stringify(record), contentType: "application/json" },
      headers: { "If-Match": file.revision },
    });
    expect(written.body.writeback).toMatchObject({ provider: "jira", state: "pending" });
    const op = await until(
      async () => (await api(target, "GET", `ops/${written.body.opId}`)).body,
      (one) => one.status !== "pending" && one.status !== "running",
    );
    expect(op).toMatchObject({ status: "succeeded", attemptCount: 1 });
    expect(running.simulator.calls.map(({ method, provider }) => [provider, method])).toContainEqual([
      "jira",
      "PUT",
    ]);
  });

  test("lets nobody sign in on a public address before its key is set, and then only with it", async () => {
    const closed = await start({ RELAYFILE_SIGN_IN: "", RELAYFILE_SIGN_IN_KEY: "" });
    const login = (base: string, key: string) =>
      fetch(`${base}/cloud/api/v1/cli/login`, {
        method: "POST",
        redirect: "manual",
        body: new URLSearchParams({ redirect_uri: "http://127.0.0.1:1/cb", key }),
      });
    const refused = await login(closed.workerd.url, "");
    expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining("SIGN_IN_KEY")]);
    await closed.stop();
    const keyed = await start({ RELAYFILE_SIGN_IN: "", RELAYFILE_SIGN_IN_KEY: "open sesame" });
    expect((await login(keyed.workerd.url, "open")).status).toBe(403);
    expect((await login(keyed.workerd.url, "open sesame")).status).toBe(303);
  });
});
