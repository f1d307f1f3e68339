/** Real hibernation: workerd takes an idle object out of memory after ten seconds, and its socket must not notice. */
import { afterAll, describe, expect, test } from "bun:test";
import { put } from "../contract/target.ts";
import { testWorker } from "../support/worker.ts";

/** The engine's own idle time and a margin; nothing can ask whether an object sleeps without waking it. */
const IDLE_MS = 12_000;

describe("hibernation", () => {
  const lines: string[] = [];
  const started = testWorker({
    variables: { RELAYFILE_LOG: "debug" },
    onLog: (line) => lines.push(line),
  });
  afterAll(async () => (await started).stop());
  const openings = () =>
    lines
      .filter((line) => line.includes("workspace opened"))
      .map((line) => JSON.parse(line) as { fresh: boolean; sockets: number });

  test("an object that slept sends later events to the same socket, each once", async () => {
    const target = await (await started).target();
    const token = await target.token(["fs:read"]);
    const base = target.fileApiUrl.replace(/^http/, "ws");
    const socket = new WebSocket(
      `${base}/v1/workspaces/${target.workspaceId}/fs/ws?token=${token}&from=now&path=/in/**`,
    );
    const heard: string[] = [];
    const [answered, arrived] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    socket.onmessage = ({ data }) => {
      const { type, path } = JSON.parse(String(data));
      heard.push(path ?? type);
      if (type === "pong") answered.resolve();
      if (path === "/in/c") arrived.resolve();
    };
    await new Promise((opened) => {
      socket.onopen = opened;
    });
    await put(target, "/in/a", "1");
    await put(target, "/in/b", "1");
    await Bun.sleep(IDLE_MS);
    socket.send(JSON.stringify({ type: "ping" }));
    await answered.promise;
    // The platform answered by itself: the object still sleeps.
    expect(openings()).toHaveLength(1);
    await put(target, "/in/c", "1");
    await arrived.promise;
    expect(heard).toEqual(["/in/a", "/in/b", "pong", "/in/c"]);
    expect(openings()).toMatchObject([{ fresh: true }, { fresh: false, sockets: 1 }]);
    socket.close();
  });
});
