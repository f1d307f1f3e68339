/** Memory stays bounded whatever is sent or stored (S13, the lessons of cloud#730). The service runs in its own process. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { ServeDocument } from "../../../commands/serve.ts";
import {
  peakBytes,
  resetPeak,
  rssBytes,
  type Server,
  startServer,
} from "../../../scripts/bench/service/child.ts";
import { tempDir } from "../../support/temp-dir.ts";

const MIB = 1024 * 1024;

describe.skipIf(process.platform !== "linux")("a served workspace", () => {
  const dir = tempDir("relayfile-memory-");
  let server: Server;
  let document: ServeDocument;
  let token: string;
  beforeAll(async () => {
    const cli = `${import.meta.dir}/../../../cli.ts`;
    server = await startServer(
      [process.execPath, cli, "serve", "--data", dir.join("data"), "--rate-limit", "0", "--json"],
      (text) => text.endsWith("\n}\n"),
      (text) => Number(new URL((JSON.parse(text) as ServeDocument).fileApiUrl).port),
    );
    document = JSON.parse(server.said);
    token = JSON.parse(readFileSync(document.tokenFile, "utf8")).token;
  });
  afterAll(async () => {
    await server.stop();
    dir.remove();
  });

  const path = (rest: string) => `/v1/workspaces/${document.workspaceId}/${rest}`;
  const headers = () => ({ Authorization: `Bearer ${token}`, "X-Correlation-Id": "m", "If-Match": "*" });
  const bulk = async (files: unknown[]) => {
    const body = JSON.stringify({ files });
    const url = document.fileApiUrl + path("fs/bulk");
    const response = await fetch(url, { method: "POST", headers: headers(), body });
    return {
      status: response.status,
      body: (await response.json()) as { written: number },
      sentBytes: body.length,
    };
  };
  /** How far memory rose above what it was while something ran. */
  const growth = async (work: () => Promise<unknown>) => {
    resetPeak(server.pid);
    const before = rssBytes(server.pid);
    await work();
    return peakBytes(server.pid) - before;
  };

  /** Sends a head without its body and gives what comes back. */
  const onlyHead = (method: string, target: string, length: number) =>
    new Promise<string>((done, lost) => {
      let text = "";
      const lines = Object.entries(headers()).map(([name, value]) => `${name}: ${value}`);
      const host = `Host: 127.0.0.1:${server.port}`;
      void Bun.connect({
        hostname: "127.0.0.1",
        port: server.port,
        socket: {
          open: (socket) => {
            const head = [`${method} ${target} HTTP/1.1`, host, ...lines, `Content-Length: ${length}`];
            socket.write(`${head.join("\r\n")}\r\n\r\n`);
          },
          data: (socket, chunk) => {
            text += chunk.toString();
            if (!/\}\n?$/.test(text)) return;
            done(text);
            socket.end();
          },
          close: () => done(text),
          error: (_socket, error) => lost(error),
        },
      }).catch(lost);
    });

  test("refuses a body by its declared size before a byte of it arrives (S13)", async () => {
    for (const [method, target, length] of [
      ["PUT", path("fs/file?path=/a"), 17 * MIB],
      ["POST", path("fs/bulk"), 33 * MIB],
      ["POST", path("fs/bulk-read"), 17 * MIB],
      ["POST", path("fs/merge?path=/a"), 17 * MIB],
      ["POST", path("webhooks/ingest"), 17 * MIB],
      ["POST", "/cloud/api/v1/auth/device/approve", 1 * MIB],
    ] as const) {
      const answer = await onlyHead(method, target, length);
      expect([target, answer.slice(0, 12)]).toEqual([target, "HTTP/1.1 413"]);
      expect(answer).toContain("payload_too_large");
    }
  });

  test("stops reading a body without a declared size at the limit (S13)", async () => {
    const chunk = new Uint8Array(MIB).fill(120);
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        if (++sent > 60) controller.close();
        else controller.enqueue(chunk);
      },
    });
    const url = document.fileApiUrl + path("fs/file?path=/a");
    const outcome = await fetch(url, { method: "PUT", headers: headers(), body }).then(
      (response) => response.status,
      // The service may end the connection while the client still writes.
      () => 413,
    );
    expect(outcome).toBe(413);
  });

  // Before the batches: a heap that a GiB went through says little about what comes after it.
  test("exports more than it ever holds (S13)", async () => {
    const content = "y".repeat(16_000);
    for (let batch = 0; batch < 40; batch++) {
      const files = Array.from({ length: 100 }, (_, n) => ({ path: `/export/${batch}/${n}`, content }));
      await bulk(files);
    }
    const drain = async (format: string, below = "/export") => {
      const url = document.fileApiUrl + path(`fs/export?format=${format}&path=${below}`);
      const response = await fetch(url, { headers: headers(), decompress: false });
      let bytes = 0;
      for await (const chunk of response.body as ReadableStream<Uint8Array>) bytes += chunk.byteLength;
      return bytes;
    };
    expect(await drain("json")).toBeGreaterThan(60 * MIB);
    for (const format of ["json", "frames", "tar"]) {
      // What a format needs once, compiled code among it, is not what grows with an export.
      await drain(format, "/export/0");
      expect([format, (await growth(() => drain(format))) < 32 * MIB]).toEqual([format, true]);
    }
  }, 60_000);

  test("holds an export back for a reader that stops reading (S13)", async () => {
    const lines = Object.entries(headers()).map(([name, value]) => `${name}: ${value}`);
    const head = `GET ${path("fs/export?format=json&path=/export")} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}`;
    const closed = Promise.withResolvers<void>();
    let bytes = 0;
    const reader = await Bun.connect({
      hostname: "127.0.0.1",
      port: server.port,
      socket: {
        open: (socket) => void socket.pause(),
        data: (_socket, chunk) => {
          bytes += chunk.byteLength;
        },
        close: () => closed.resolve(),
        error: (_socket, error) => closed.reject(error),
      },
    });
    const grown = await growth(async () => {
      reader.write(`${head}\r\n${lines.join("\r\n")}\r\nConnection: close\r\n\r\n`);
      // Far more turns than the service would need to read everything ahead.
      for (let n = 0; n < 500; n++) await (await fetch(`${document.fileApiUrl}/health`)).text();
    });
    expect([bytes, grown < 32 * MIB]).toEqual([0, true]);
    reader.resume();
    await closed.promise;
    expect(bytes).toBeGreaterThan(60 * MIB);
  }, 60_000);

  test("takes batches of 16 MiB again and again without growing (S13)", async () => {
    const files = (round: number) =>
      Array.from({ length: 4 }, (_, n) => ({
        path: `/large/${round}-${n}`,
        content: new Uint8Array(3 * MIB).fill(round).toBase64(),
        encoding: "base64",
      }));
    const send = async (round: number) => {
      const answer = await bulk(files(round));
      expect([answer.status, answer.body.written]).toEqual([202, 4]);
      expect(answer.sentBytes).toBeGreaterThan(16 * MIB);
    };
    resetPeak(server.pid);
    for (let round = 0; round < 40; round++) await send(round);
    // Forty batches are more than a GiB of JSON and bytes; the collector lets some 350 MiB of it pile up.
    expect(peakBytes(server.pid)).toBeLessThan(600 * MIB);
  }, 60_000);
});
