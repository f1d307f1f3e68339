/**
 * What one workspace object holds and serves, on Bun and in workerd on this machine, with the same client (docs/scale.md).
 * `fetch` is that client, so that both are asked in the same way; `scripts/bench/service.ts` finds the limits of Bun.
 *
 *     bun scripts/bench/scale.ts [--files 10000] [--seconds 4]
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import type { ServeDocument } from "../../commands/serve.ts";
import { startWorkerd } from "../worker/workerd.ts";
import { startServer } from "./service/child.ts";

const { values } = parseArgs({
  options: { files: { type: "string", default: "10000" }, seconds: { type: "string", default: "4" } },
});
const FILES = Number(values.files);
const FOR_MS = Number(values.seconds) * 1_000;
const CONNECTIONS = 16;
const BATCH = 100;
const CONTENT = "x".repeat(2_048);
const SCOPES = ["fs:read", "fs:write", "ops:read", "sync:read"];

/** A running deployment with one workspace. */
interface Subject {
  readonly name: string;
  readonly fileApiUrl: string;
  readonly controlPlaneUrl: string;
  /** Ends it; resolves with the bytes its data takes on disk. */
  stop(): Promise<number>;
}

const scratch = mkdtempSync(join(tmpdir(), "relayfile-scale-"));
const sizeOf = (folder: string): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);

async function onBun(): Promise<Subject> {
  const data = join(scratch, "bun");
  const cli = join(dirname(dirname(import.meta.dir)), "cli.ts");
  const server = await startServer(
    [process.execPath, cli, "serve", "--data", data, "--rate-limit", "0", "--json"],
    (text) => text.endsWith("\n}\n"),
    () => 0,
  );
  const { fileApiUrl, controlPlaneUrl } = JSON.parse(server.said) as ServeDocument;
  return {
    name: "Bun",
    fileApiUrl,
    controlPlaneUrl,
    stop: async () => {
      await server.stop();
      return sizeOf(data);
    },
  };
}

async function onWorkerd(): Promise<Subject> {
  const data = join(scratch, "workerd");
  const workerd = await startWorkerd({ dataDir: data, onLog: () => {} });
  return {
    name: "workerd",
    fileApiUrl: workerd.url,
    controlPlaneUrl: `${workerd.url}/cloud`,
    stop: async () => {
      await workerd.stop();
      return sizeOf(data);
    },
  };
}

/** A new workspace and a token per connection: the rate limit counts each agent for itself. */
async function tokensOf(subject: Subject): Promise<{ workspaceId: string; tokens: string[] }> {
  const post = async (path: string, body: unknown) => {
    const answer = await fetch(`${subject.controlPlaneUrl}/api/v1/${path}`, {
      method: "POST",
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Record<string, string>;
  };
  const { workspaceId = "" } = await post("workspaces", { name: "scale" });
  const tokens: string[] = [];
  for (let n = 0; n < CONNECTIONS; n++) {
    const { token = "" } = await post(`workspaces/${workspaceId}/join`, {
      agentName: `a${n}`,
      scopes: SCOPES,
    });
    tokens.push(token);
  }
  return { workspaceId, tokens };
}

/** Sends requests one after the other on each connection; how many a second, and how long one took. */
async function drive(
  connections: number,
  until: { requests?: number; ms?: number },
  send: (n: number, connection: number) => Promise<Response>,
) {
  const times: number[] = [];
  const startedMs = performance.now();
  let sent = 0;
  const one = async (connection: number) => {
    while (sent < (until.requests ?? Infinity) && performance.now() - startedMs < (until.ms ?? Infinity)) {
      const at = performance.now();
      const answer = await send(sent++, connection);
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${answer.url}: ${answer.status} ${text.slice(0, 200)}`);
      times.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: connections }, (_, n) => one(n)));
  times.sort((a, b) => a - b);
  const seconds = (performance.now() - startedMs) / 1_000;
  return { perSecond: times.length / seconds, p50Ms: times[Math.floor(times.length / 2)] ?? Number.NaN };
}

async function measure(subject: Subject): Promise<Record<string, string>> {
  const { workspaceId, tokens } = await tokensOf(subject);
  const call = (connection: number, method: string, rest: string, body?: string) =>
    fetch(`${subject.fileApiUrl}/v1/workspaces/${workspaceId}/${rest}`, {
      method,
      headers: {
        Authorization: `Bearer ${tokens[connection]}`,
        "X-Correlation-Id": "scale",
        ...(method === "PUT" ? { "If-Match": "*" } : {}),
      },
      body,
    });
  const path = (n: number) => `/many/d${Math.floor(n / 1_000)}/f${String(n).padStart(7, "0")}`;
  const bulk = await drive(4, { requests: FILES / BATCH }, (n, connection) => {
    const files = Array.from({ length: BATCH }, (_, i) => ({ path: path(n * BATCH + i), content: CONTENT }));
    return call(connection, "POST", "fs/bulk", JSON.stringify({ files }));
  });
  const gets = await drive(CONNECTIONS, { ms: FOR_MS }, (n, connection) =>
    call(connection, "GET", `fs/file?path=${path((n * 7_919) % FILES)}`),
  );
  const pages = await drive(1, { requests: 50, ms: FOR_MS }, (n, connection) =>
    call(connection, "GET", `fs/tree?path=/many&depth=9&cursor=${path((n * 104_729) % FILES)}`),
  );
  const body = JSON.stringify({ content: CONTENT });
  const stored = await subject.stop();
  const again = subject.name === "Bun" ? await onBun() : await onWorkerd();
  const fresh = await tokensOf(again);
  const puts = await drive(CONNECTIONS, { ms: FOR_MS }, (n, connection) =>
    fetch(`${again.fileApiUrl}/v1/workspaces/${fresh.workspaceId}/fs/file?path=/put/d${n % 50}/f${n}`, {
      method: "PUT",
      headers: {
        Authorization: `Bearer ${fresh.tokens[connection]}`,
        "X-Correlation-Id": "scale",
        "If-Match": "*",
      },
      body,
    }),
  );
  await again.stop();
  return {
    "PUT of 2 KB, 16 connections": `${puts.perSecond.toFixed(0)}/s, p50 ${puts.p50Ms.toFixed(1)} ms`,
    "GET of 2 KB, 16 connections": `${gets.perSecond.toFixed(0)}/s, p50 ${gets.p50Ms.toFixed(1)} ms`,
    "bulk of 100 files, 4 connections": `${(bulk.perSecond * BATCH).toFixed(0)} files/s`,
    "tree page of 1,000": `p50 ${pages.p50Ms.toFixed(1)} ms`,
    "stored per file of 2 KB": `${(stored / FILES).toFixed(0)} bytes`,
  };
}

if (import.meta.main) {
  try {
    const bun = await measure(await onBun());
    const workerd = await measure(await onWorkerd());
    const print = (...cells: string[]) => process.stdout.write(`| ${cells.join(" | ")} |\n`);
    print("", "Bun", "workerd");
    print("---", "---", "---");
    for (const name of Object.keys(bun)) print(name, bun[name] ?? "", workerd[name] ?? "");
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
