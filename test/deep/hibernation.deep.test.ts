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
    const paths: string[] = [];
    const arrived = Promise.withResolvers<void>();
    socket.onmessage = ({ data }) => {
      paths.push(JSON.parse(String(data)).path);
      if (paths.length === 3) arrived.resolve();
    };
    await new Promise((opened) => {
      socket.onopen = opened;
    });
    await put(target, "/in/a", "1");
    await put(target, "/in/b", "1");
    await Bun.sleep(IDLE_MS);
    expect(openings()).toHaveLength(1);
    await put(target, "/in/c", "1");
    await arrived.promise;
    expect(paths).toEqual(["/in/a", "/in/b", "/in/c"]);
    expect(openings()).toMatchObject([{ fresh: true }, { fresh: false, sockets: 1 }]);
    socket.close();
  });
});
