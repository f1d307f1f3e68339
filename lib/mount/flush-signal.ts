/**
 * The way tools of the original ask a running daemon for one round: SIGUSR1 to the holder of the lease, and a file beside
 * the lease that counts the rounds served (spec mount-daemon 5.8, G15).
 */
import { z } from "zod";
import { fail, isRelayfileError, messageOf } from "../errors.ts";
import type { Unsettled } from "../sync/unsettled.ts";
import type { MountConfig } from "./config.ts";
import type { Engine } from "./engine.ts";
import { readJson, readText, writeAtomic } from "./json-file.ts";
import { timestamp } from "./layout.ts";
import { localFault } from "./local-fault.ts";
import { leaseFileOf, lockHolder } from "./lock.ts";
import { Wake } from "./wake.ts";
import type { MountWorld } from "./world.ts";

/** What was served last. `ok`: nothing waited when the round ended. The rest says why not; others do not write it. */
const FlushAck = z.looseObject({
  seq: z.number(),
  pid: z.number(),
  at: z.string(),
  ok: z.boolean(),
  reason: z.string().optional(),
  exit: z.string().optional(),
  next: z.array(z.string()).optional(),
});
/** What was served last. */
export type FlushAck = z.infer<typeof FlushAck>;

/** Requests that came by signal. It listens from before the lease is taken, because unheard the signal would kill. */
export interface FlushInbox {
  /** How many rounds were asked for and not taken yet. */
  take(): number;
  /** Resolves when there is one, or when the signal aborts. */
  wait(signal: AbortSignal): Promise<void>;
  close(): void;
}

/** Begins to listen. Where the system has no such signal, nothing ever comes. */
export function openFlushInbox(world: MountWorld): FlushInbox {
  let asked = 0;
  const wake = new Wake(world.clock);
  const stop = world.onFlushRequest?.(() => {
    asked++;
    wake.call();
  });
  return {
    take() {
      const count = asked;
      asked = 0;
      return count;
    },
    async wait(signal) {
      if (asked === 0) await wake.wait(null, signal);
    },
    close: () => stop?.(),
  };
}

/** One round of the lane: waits for requests, runs a cycle for all that came, acknowledges how it ended. */
export async function serveFlush(
  engine: Engine,
  signal: AbortSignal,
  cycle: () => Promise<Unsettled | null>,
): Promise<void> {
  await engine.flushInbox.wait(signal);
  if (signal.aborted || engine.flushInbox.take() === 0) return;
  let unsettled: Unsettled | null = null;
  try {
    unsettled = await cycle();
  } catch (error) {
    const told = localFault(error, engine.config.localRoot) ?? error;
    const exit = isRelayfileError(told) ? told.exit : "UNDETERMINED";
    unsettled = { exit, reason: messageOf(told), next: ["relayfile", "status", engine.config.workspaceId] };
    throw error;
  } finally {
    const file = ackFileOf(engine.world, engine.config);
    const seq = (readAck(engine.world, file)?.seq ?? 0) + 1;
    const ack: FlushAck = {
      seq,
      pid: engine.world.host.pid,
      at: timestamp(engine.now()),
      ok: unsettled === null,
      ...(unsettled === null ? {} : { ...unsettled, next: [...unsettled.next] }),
    };
    writeAtomic(engine.world, file, new TextEncoder().encode(JSON.stringify(ack)), { mode: 0o600 });
  }
}

const LOOK_MS = 50;

/**
 * Asks the daemon that holds the lease of this mount for one round and waits for its acknowledgement. Null when nobody
 * holds the lease; fails with `request_timeout` when the holder does not acknowledge.
 */
export async function notifyFlush(
  world: MountWorld,
  config: Pick<MountConfig, "server" | "workspaceId" | "localRoot">,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<FlushAck | null> {
  const { fs, host, clock } = world;
  if (fs.lstat(config.localRoot) === null) return null;
  const lease = leaseFileOf(world, config);
  if (fs.lstat(lease) === null) return null;
  const free = world.acquireLease(lease, readText(fs, lease) ?? "");
  free?.release();
  const pid = free === null ? (lockHolder(world, lease)?.pid ?? null) : null;
  if (pid === null || !host.isAlive(pid)) return null;
  const file = ackFileOf(world, config);
  const before = readAck(world, file)?.seq ?? 0;
  host.kill(pid, "SIGUSR1");
  const deadline = clock.monotonicMs() + options.timeoutMs;
  while (clock.monotonicMs() < deadline) {
    await clock.sleep(LOOK_MS, options.signal);
    const ack = readAck(world, file);
    if (ack !== null && ack.pid === pid && ack.seq > before) return ack;
  }
  return fail("request_timeout", `process ${pid} did not acknowledge within ${options.timeoutMs} ms`, {
    pid,
    hint: "relayfile status",
  });
}

function ackFileOf(world: MountWorld, config: Parameters<typeof leaseFileOf>[1]): string {
  return leaseFileOf(world, config).replace(/\.lock$/, ".flush-ack");
}

function readAck(world: Pick<MountWorld, "fs">, file: string): FlushAck | null {
  const read = readJson(world.fs, file);
  const parsed = read !== null && "value" in read ? FlushAck.safeParse(read.value) : null;
  return parsed?.success ? parsed.data : null;
}
