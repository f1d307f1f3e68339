import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { readClaims } from "../../../../lib/model/token.ts";
import { bunPorts } from "../../../../lib/runtime/bun/ports.ts";
import { startStack } from "../../../../lib/runtime/bun/stack.ts";
import { testStack } from "../../../support/stack.ts";
import { tempDir } from "../../../support/temp-dir.ts";

const ports = () => bunPorts({ env: {} });

describe("startStack()", () => {
  test("continues on an existing data directory: ids, files, numbers and keys stay", async () => {
    using dir = tempDir();
    const first = await startStack({ dataDir: dir.join("data"), ports: ports() });
    const call = async (stack: typeof first, method: string, body?: unknown) => {
      const token = await stack.mint(["fs:read", "fs:write"]);
      const response = await stack.fetch(
        new Request(`${stack.fileApiUrl}/v1/workspaces/${stack.workspaceId}/fs/file?path=/a`, {
          method,
          headers: {
            Authorization: `Bearer ${token}`,
            "X-Correlation-Id": crypto.randomUUID(),
            "If-Match": "*",
          },
          body: body === undefined ? undefined : JSON.stringify(body),
        }),
      );
      // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
      return (await response.json()) as any;
    };
    const written = await call(first, "PUT", { content: "x".repeat(90_000) });
    const token = await first.mint(["fs:read"]);
    await first.stop();
    const second = await startStack({ dataDir: dir.join("data"), ports: ports() });
    expect(second.workspaceId).toBe(first.workspaceId);
    expect((await call(second, "GET")).content).toHaveLength(90_000);
    const again = await call(second, "PUT", { content: "y" });
    const number = (revision: string) => Number(revision.slice(4));
    expect(number(again.targetRevision)).toBeGreaterThan(number(written.targetRevision));
    const old = await second.fetch(
      new Request(`${second.fileApiUrl}/v1/workspaces/${second.workspaceId}/fs/tree`, {
        headers: { Authorization: `Bearer ${token}`, "X-Correlation-Id": "t" },
      }),
    );
    expect(old.status).toBe(200);
    await second.stop();
  });

  test("a restarted simulator still knows the records that webhooks brought", async () => {
    using dir = tempDir();
    const options = { dataDir: dir.join("data"), ports: ports() };
    const first = await startStack(options);
    const token = await first.mint(["sync:trigger"]);
    const delivered = await first.fetch(
      new Request(`${first.controlPlaneUrl}/api/v1/workspaces/${first.workspaceId}/webhooks/github`, {
        method: "POST",
        headers: { Authorization: `Bearer ${token}`, "X-GitHub-Event": "issues", "X-GitHub-Delivery": "d" },
        body: JSON.stringify({
          action: "opened",
          issue: {
            id: 1,
            number: 7,
            title: "Hello",
            state: "open",
            updated_at: "2026-05-20T00:00:00Z",
            user: { login: "u" },
            html_url: "https://github.com/o/r/issues/7",
          },
          repository: { id: 2, name: "r", full_name: "o/r", owner: { login: "o" } },
        }),
      }),
    );
    expect(await delivered.json()).toMatchObject({ status: "applied" });
    await first.stop();
    const second = await startStack(options);
    await second.workspace();
    const issue = await fetch(`${second.simulatorUrl}/github/repos/o/r/issues/7`, {
      headers: { Authorization: "Bearer x" },
    });
    expect(issue.status).toBe(200);
    await second.stop();
  });

  test("refuses a data directory that another stack serves", async () => {
    await using stack = await testStack();
    await expect(startStack({ dataDir: stack.dataDir, ports: ports() })).rejects.toMatchObject({
      code: "lock_held",
      details: { pid: process.pid },
    });
  });

  test("refuses a taken port and leaves the data directory free", async () => {
    await using stack = await testStack();
    using dir = tempDir();
    const port = Number(new URL(stack.fileApiUrl).port);
    const options = { dataDir: dir.join("data"), ports: ports() };
    await expect(startStack({ ...options, port })).rejects.toMatchObject({ code: "port_in_use" });
    await (await startStack(options)).stop();
  });

  test("refuses a data directory that is a file or cannot be written", async () => {
    using dir = tempDir();
    writeFileSync(dir.join("file"), "");
    await expect(startStack({ dataDir: dir.join("file"), ports: ports() })).rejects.toMatchObject({
      code: "io_error",
    });
    if (process.getuid?.() === 0) return;
    chmodSync(dir.path, 0o500);
    await expect(startStack({ dataDir: dir.join("data"), ports: ports() })).rejects.toMatchObject({
      code: "io_error",
    });
    chmodSync(dir.path, 0o700);
  });

  test("names an unknown provider as a usage error and stops everything", async () => {
    using dir = tempDir();
    const options = { dataDir: dir.join("data"), ports: ports() };
    await expect(startStack({ ...options, providers: ["fax"] })).rejects.toMatchObject({ code: "usage" });
    await (await startStack(options)).stop();
  });

  test("writes private credential files that open both services", async () => {
    await using stack = await testStack();
    for (const file of [stack.tokenFile, stack.cloudTokenFile])
      expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(`${stack.dataDir}/signing-key.json`).mode & 0o777).toBe(0o600);
    const workspace = JSON.parse(readFileSync(stack.tokenFile, "utf8"));
    expect(workspace.server).toBe(stack.fileApiUrl);
    expect(readClaims(workspace.token)?.workspaceId).toBe(stack.workspaceId);
    const cloud = JSON.parse(readFileSync(stack.cloudTokenFile, "utf8"));
    const whoami = await fetch(`${stack.controlPlaneUrl}/api/v1/auth/whoami`, {
      headers: { Authorization: `Bearer ${cloud.accessToken}` },
    });
    expect(whoami.status).toBe(200);
  });

  test("removes a deleted workspace from disk, bodies included (S31)", async () => {
    await using stack = await testStack();
    const token = await stack.mint(["fs:write"]);
    await stack.fetch(
      new Request(`${stack.fileApiUrl}/v1/workspaces/${stack.workspaceId}/fs/file?path=/big`, {
        method: "PUT",
        headers: { Authorization: `Bearer ${token}`, "X-Correlation-Id": "t", "If-Match": "0" },
        body: JSON.stringify({ content: "x".repeat(100_000) }),
      }),
    );
    expect(readdirSync(`${stack.dataDir}/bodies`)).toEqual([stack.workspaceId]);
    const { accessToken } = await stack.cloudSession();
    const gone = await stack.fetch(
      new Request(`${stack.controlPlaneUrl}/api/v1/workspaces/${stack.workspaceId}`, {
        method: "DELETE",
        headers: { Authorization: `Bearer ${accessToken}` },
      }),
    );
    expect(gone.status).toBe(204);
    expect(readdirSync(`${stack.dataDir}/bodies`)).toEqual([]);
    expect(existsSync(`${stack.dataDir}/workspaces/${stack.workspaceId}.db`)).toBe(false);
  });

  test("delays a join and still answers right (cloud#766, acceptance list 1.13 #11)", async () => {
    const waits: number[] = [];
    const real = ports().clock;
    const clock = { ...real, now: () => real.now(), sleep: async (ms: number) => void waits.push(ms) };
    await using stack = await testStack({ joinDelayMs: 40_000, portsWith: { clock } });
    const { accessToken } = await stack.cloudSession();
    const joined = await stack.fetch(
      new Request(`${stack.controlPlaneUrl}/api/v1/workspaces/${stack.workspaceId}/join`, {
        method: "POST",
        headers: { Authorization: `Bearer ${accessToken}` },
        body: JSON.stringify({ agentName: "a", scopes: ["fs:read"] }),
      }),
    );
    expect([joined.status, waits]).toEqual([200, [40_000]]);
  });
});
