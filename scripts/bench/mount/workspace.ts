/** A served workspace filled with files, in a process of its own, and the same files as a tar archive. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ServeDocument } from "../../../commands/serve.ts";
import { startServer } from "../service/child.ts";

/** Bytes of every file. */
export const BODY_BYTES = 2_048;

const FILES_PER_DIRECTORY = 100;

/** Content of the n-th file. */
export function bodyOf(n: number): string {
  return `${String(n).padStart(9, "0")}\n${"x".repeat(BODY_BYTES - 10)}`;
}

/** Path of the n-th file below a root, without a leading slash. */
export function pathOf(n: number): string {
  return `bench/d${Math.floor(n / FILES_PER_DIRECTORY)}/f${n}.txt`;
}

/** A workspace behind its own server process. */
export interface ServedWorkspace {
  readonly served: ServeDocument;
  /** Text of a file, or null. */
  read(path: string): Promise<string | null>;
  write(path: string, text: string): Promise<void>;
  /** How many files are below a path. */
  countBelow(path: string): Promise<number>;
  stop(): Promise<void>;
}

/** Serves a new data directory and fills it. */
export async function servedWorkspace(
  executable: string,
  dataDir: string,
  files: number,
): Promise<ServedWorkspace> {
  const server = await startServer(
    [executable, "serve", "--data", dataDir, "--rate-limit", "0", "--json"],
    (text) => text.endsWith("\n}\n"),
    (text) => Number(new URL((JSON.parse(text) as ServeDocument).fileApiUrl).port),
  );
  const served = JSON.parse(server.said) as ServeDocument;
  const call = (method: string, rest: string, body?: unknown, headers: Record<string, string> = {}) =>
    fetch(`${served.fileApiUrl}/v1/workspaces/${served.workspaceId}/${rest}`, {
      method,
      headers: {
        Authorization: `Bearer ${JSON.parse(readFileSync(served.tokenFile, "utf8")).token}`,
        "X-Correlation-Id": "bench",
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  for (let at = 0; at < files; at += 500) {
    const batch = Array.from({ length: Math.min(500, files - at) }, (_, n) => ({
      path: `/${pathOf(at + n)}`,
      content: bodyOf(at + n),
      contentType: "text/plain",
    }));
    const answer = await call("POST", "fs/bulk", { files: batch });
    if (!answer.ok) throw new Error(`seeding was refused: ${answer.status} ${await answer.text()}`);
    await answer.arrayBuffer();
  }
  return {
    served,
    async read(path) {
      const answer = await call("GET", `fs/file?path=${encodeURIComponent(path)}`);
      const document = (await answer.json()) as { content?: string };
      return answer.ok ? (document.content ?? null) : null;
    },
    async write(path, text) {
      const body = { content: text, contentType: "text/plain" };
      const answer = await call("PUT", `fs/file?path=${encodeURIComponent(path)}`, body, { "If-Match": "*" });
      if (!answer.ok) throw new Error(`a write was refused: ${answer.status}`);
      await answer.arrayBuffer();
    },
    async countBelow(path) {
      const answer = await call("GET", `fs/tree?path=${encodeURIComponent(path)}&depth=1`);
      return ((await answer.json()) as { totalFiles?: number }).totalFiles ?? 0;
    },
    stop: server.stop,
  };
}

/** The limit: the same files as a tar archive. Returns its path. */
export function archiveOf(directory: string, files: number): string {
  const source = join(directory, "source");
  for (let n = 0; n < files; n++) {
    const path = join(source, pathOf(n));
    if (n % FILES_PER_DIRECTORY === 0) mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, bodyOf(n));
  }
  const archive = join(directory, "all.tar");
  must(Bun.spawnSync(["tar", "-cf", archive, "-C", source, "."]));
  return archive;
}

/** Milliseconds that `tar -x` takes into a new directory, without and with a sync after it. */
export function extract(archive: string, target: string): { ms: number; syncedMs: number } {
  mkdirSync(target, { recursive: true });
  const startedMs = performance.now();
  must(Bun.spawnSync(["tar", "-xf", archive, "-C", target]));
  const ms = performance.now() - startedMs;
  must(Bun.spawnSync(["sync", "-f", target]));
  return { ms, syncedMs: performance.now() - startedMs };
}

function must(result: { exitCode: number | null; stderr: { toString(): string } }): void {
  if (result.exitCode !== 0) throw new Error(result.stderr.toString());
}
