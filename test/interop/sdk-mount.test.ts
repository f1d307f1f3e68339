/** The original's way to a mount: a session from the control plane, and its launcher with its own daemon. */
import { describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { InvalidLocalDirError } from "@relayfile/sdk";
import { RelayfileSetup } from "@relayfile/sdk/cli";
import { createDefaultMountLauncher } from "@relayfile/sdk/mount-launcher";
import { eventually } from "../support/deadline.ts";
import { testStack } from "../support/stack.ts";
import { tempDir } from "../support/temp-dir.ts";
import { daemonBinary } from "./original-daemon.ts";

describe.if(daemonBinary() !== null)("mountWorkspace", () => {
  test("a session starts the daemon, status says ready, stop ends it", async () => {
    await using stack = await testStack();
    using dir = tempDir("relayfile-sdk-mount-");
    const { accessToken } = await stack.cloudSession();
    const setup = new RelayfileSetup({ cloudApiUrl: stack.controlPlaneUrl, accessToken });
    const workspace = await setup.createWorkspace({ name: "mounted" });
    const client = workspace.client();
    await client.writeFile({
      workspaceId: workspace.workspaceId,
      path: "/hello.md",
      baseRevision: "0",
      content: "hi\n",
    });
    const mounted = await setup.mountWorkspace({
      workspace,
      localDir: dir.join("mirror"),
      // Its own launcher, with a home of the test's: the daemon keeps leases and state there.
      launcher: createDefaultMountLauncher({
        spawnImpl: ((command: string, args: string[], options: { env: Record<string, string> }) =>
          spawn(command, args, { ...options, env: { ...options.env, HOME: dir.path } })) as typeof spawn,
      }),
      background: true,
      readyTimeoutMs: 60_000,
    });
    const file = dir.join("mirror", "hello.md");
    await eventually("the file", () => existsSync(file) && readFileSync(file, "utf8") === "hi\n");
    expect(await mounted.status()).toMatchObject({ ready: true, mode: "poll" });
    expect(mounted.expiresAt).toMatch(/^\d{4}-/);
    await mounted.stop();
  }, 90_000);

  test("what the session route refuses is the error the launcher's callers know", async () => {
    await using stack = await testStack();
    const { accessToken } = await stack.cloudSession();
    const setup = new RelayfileSetup({ cloudApiUrl: stack.controlPlaneUrl, accessToken });
    const error = await setup
      .mountWorkspace({ workspaceId: stack.workspaceId, localDir: "/proc/x" })
      .catch((thrown) => thrown);
    expect(error).toBeInstanceOf(InvalidLocalDirError);
  });
});
