/** The original's own daemon and client library, unmodified, against the Workers runtime in real workerd. */
import { describe, expect, test } from "bun:test";
import { type FilesystemEvent, RelayfileSetup } from "@relayfile/sdk";
import { testOriginalDaemon } from "../interop/daemon-suite.ts";
import { eventually } from "../support/deadline.ts";
import { testWorker } from "../support/worker.ts";

testOriginalDaemon("on Workers", async () => {
  const worker = await testWorker();
  const target = await worker.target();
  return { ...target, mint: (scopes, options) => target.token(scopes, options), stop: () => worker.stop() };
});

describe("the original's client library on Workers", () => {
  test("makes a workspace, writes, reads, hears of it and leaves", async () => {
    const worker = await testWorker();
    try {
      const setup = new RelayfileSetup({
        cloudApiUrl: `${worker.workerd.url}/cloud`,
        accessToken: (await worker.cloud()).accessToken,
      });
      const workspace = await setup.createWorkspace({ name: "room", agentName: "lead" });
      const { workspaceId } = workspace;
      const client = workspace.client();
      const events: FilesystemEvent[] = [];
      const socket = client.connectWebSocket(workspaceId, {
        token: workspace.getToken(),
        onEvent: (event) => events.push(event),
      });
      const closed = Promise.withResolvers<CloseEvent>();
      socket.on("close", closed.resolve);
      await new Promise((opened) => socket.on("open", opened));
      await client.writeFile({ workspaceId, path: "/hello.md", baseRevision: "*", content: "hi" });
      expect((await client.readFile(workspaceId, "/hello.md")).content).toBe("hi");
      await eventually(
        "the event",
        () => events.map(({ path }) => path),
        (paths) => paths.includes("/hello.md"),
      );
      socket.close(1000, "done");
      expect((await closed.promise).code).toBe(1000);
    } finally {
      await worker.stop();
    }
  });
});
