/**
 * How a command talks to the running daemon: a request file in the private state directory and an answer beside it. No
 * socket, so it works wherever the state works, and only the owner can reach it.
 */
import { z } from "zod";
import { fail, isRelayfileError, messageOf } from "../errors.ts";
import type { Clock, LocalFs, Random, Watcher, WatchTree } from "../ports.ts";
import { readJson, writeJson } from "./json-file.ts";
import { Wake } from "./wake.ts";

/** What a daemon can be asked. */
export const ControlRequest = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("retry"), opId: z.string() }),
  z.object({ kind: z.literal("drop"), opId: z.string() }),
  z.object({ kind: z.literal("resume"), deletes: z.enum(["confirm", "restore"]) }),
  z.object({ kind: z.literal("skip-stuck"), max: z.int().min(0).nullable() }),
  z.object({ kind: z.literal("resolve"), path: z.string(), keep: z.enum(["local", "remote", "both"]) }),
]);
/** What a daemon can be asked. */
export type ControlRequest = z.infer<typeof ControlRequest>;

/** How it went: a value, or the error as the daemon met it. */
export type ControlAnswer =
  | { readonly ok: true; readonly value: unknown }
  | {
      readonly ok: false;
      readonly code: string;
      readonly message: string;
      readonly details: Record<string, unknown>;
    };

/** How often both sides look. */
const POLL_MS = 50;
const IDLE_POLL_MS = 5_000;

/** Serves requests until the signal aborts; one at a time per request, all concurrently. */
export async function serveControl(
  world: { fs: LocalFs; random: Random; clock: Clock; watch: WatchTree },
  directory: string,
  handle: (request: ControlRequest) => Promise<unknown>,
  signal: AbortSignal,
): Promise<void> {
  const { fs, clock } = world;
  fs.makeDir(directory, 0o700);
  const running = new Set<string>();
  const wake = new Wake(clock);
  // Requests are rare: the watch makes them quick, the slow look makes them certain.
  const watcher = watchQuietly(world, directory, () => wake.call());
  while (!signal.aborted) {
    for (const { name } of fs.readDir(directory)) {
      const id = /^([0-9a-f-]{36})\.request\.json$/.exec(name)?.[1];
      if (id === undefined || running.has(id)) continue;
      running.add(id);
      void answer(id).finally(() => running.delete(id));
    }
    await wake.wait(IDLE_POLL_MS, signal);
  }
  watcher?.close();

  async function answer(id: string): Promise<void> {
    const read = readJson(fs, `${directory}/${id}.request.json`);
    const parsed = read !== null && "value" in read ? ControlRequest.safeParse(read.value) : null;
    let result: ControlAnswer;
    try {
      if (!parsed?.success) fail("invalid_input", "the request to the daemon is not understood");
      result = { ok: true, value: (await handle(parsed.data)) ?? null };
    } catch (error) {
      result = {
        ok: false,
        code: isRelayfileError(error) ? error.code : "bug",
        message: messageOf(error),
        details: isRelayfileError(error) ? { ...error.details } : {},
      };
    }
    if (fs.unlink(`${directory}/${id}.request.json`)) {
      writeJson(world, `${directory}/${id}.answer.json`, result, { mode: 0o600 });
    }
  }
}

/** A watch where the system gives one. */
function watchQuietly(world: { watch: WatchTree }, directory: string, onChange: () => void): Watcher | null {
  try {
    return world.watch(directory, { onChange, onError: () => undefined });
  } catch {
    // Without a watch requests are found by looking.
    return null;
  }
}

/** Asks the running daemon and waits for its answer. Fails with the daemon's own error, or `request_timeout`. */
export async function askDaemon(
  world: { fs: LocalFs; random: Random; clock: Clock },
  directory: string,
  request: ControlRequest,
  options: { timeoutMs: number; signal: AbortSignal },
): Promise<unknown> {
  const { fs, clock } = world;
  const id = world.random.uuid();
  fs.makeDir(directory, 0o700);
  writeJson(world, `${directory}/${id}.request.json`, request, { mode: 0o600 });
  const deadline = clock.monotonicMs() + options.timeoutMs;
  try {
    while (clock.monotonicMs() < deadline) {
      const read = readJson(fs, `${directory}/${id}.answer.json`);
      if (read !== null && "value" in read) {
        const answer = read.value as ControlAnswer;
        if (answer.ok) return answer.value;
        fail(answer.code as Parameters<typeof fail>[0], answer.message, answer.details);
      }
      await clock.sleep(POLL_MS, options.signal);
    }
    fail("request_timeout", `the running daemon did not answer within ${options.timeoutMs} ms`, {
      hint: "relayfile status",
    });
  } finally {
    fs.unlink(`${directory}/${id}.request.json`);
    fs.unlink(`${directory}/${id}.answer.json`);
  }
}
