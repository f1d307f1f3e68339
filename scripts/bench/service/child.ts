/** Processes under measurement: starting them, their memory, stopping them. */
import { readFileSync, writeFileSync } from "node:fs";

/** A server in its own process. */
export interface Server {
  readonly port: number;
  readonly pid: number;
  /** The first text it printed. */
  readonly said: string;
  stop(): Promise<void>;
}

/** Starts a process and waits until what it prints satisfies `ready`. Throws when it ends before. */
export async function startServer(
  words: readonly string[],
  ready: (text: string) => boolean,
  portOf: (text: string) => number,
): Promise<Server> {
  const child = Bun.spawn([...words], {
    stdout: "pipe",
    stderr: "ignore",
    env: { PATH: process.env.PATH ?? "" },
  });
  const decoder = new TextDecoder();
  let said = "";
  const reader = child.stdout.getReader();
  while (!ready(said)) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`${words.join(" ")} ended with ${await child.exited}`);
    said += decoder.decode(value, { stream: true });
  }
  return {
    port: portOf(said),
    pid: child.pid,
    said,
    stop: async () => {
      child.kill("SIGTERM");
      await child.exited;
    },
  };
}

/** Resident memory of a process, bytes. */
export function rssBytes(pid: number): number {
  return memory(pid, "VmRSS");
}

/** Highest resident memory since `resetPeak`, bytes. */
export function peakBytes(pid: number): number {
  return memory(pid, "VmHWM");
}

/** Starts counting the peak anew. */
export function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

function memory(pid: number, field: string): number {
  const kib = new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib) * 1024;
}
