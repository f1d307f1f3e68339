/** The two daemons under measurement, as commands: ours, compiled, and the original's published binary. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { ServeDocument } from "../../../commands/serve.ts";
import { ROOT } from "../../build/compile.ts";

/** A daemon and where it works. */
export interface Subject {
  readonly name: "relayfile" | "original";
  /** The mirror. */
  readonly mirror: string;
  /** One pass and out. `again`: compare everything, whatever the index says. */
  once(options?: { again?: boolean }): Promise<Run>;
  /** The daemon, running when this returns. */
  start(): Running;
  /** Bytes of everything it keeps for itself, inside the mirror and outside. */
  stateBytes(): number;
}

/** What one process cost. */
export interface Run {
  readonly ms: number;
  readonly cpuMs: number;
  readonly exitCode: number | null;
}

/** A daemon at work. */
export interface Running {
  readonly pid: number;
  /** SIGTERM; resolves with how long the end took. */
  stop(): Promise<{ ms: number; exitCode: number | null }>;
}

/** Path of the original's daemon, or null where the optional package has no binary for this machine. */
export function originalBinary(): string | null {
  const path = join(ROOT, "node_modules/@relayfile/mount-linux-x64/bin/relayfile-mount");
  return existsSync(path) ? path : null;
}

/** Our executable against a served workspace, with a home of its own. */
export function ourSubject(executable: string, served: ServeDocument, home: string): Subject {
  const mirror = join(home, "mirror");
  const stateDir = join(home, "state");
  const words = [
    executable,
    "mount",
    served.workspaceId,
    mirror,
    "--state-dir",
    stateDir,
    "--rehome",
    "--json",
  ];
  const env = { ...served.environment, HOME: home };
  return subject("relayfile", mirror, env, {
    once: (again) => [...words, "--once", ...(again ? ["--full-reconcile"] : [])],
    daemon: words,
    state: () => bytesBelow(stateDir),
  });
}

/** The original's daemon against a served workspace. Its limit of 2,000 files per pass is switched off. */
export function originalSubject(executable: string, served: ServeDocument, home: string): Subject {
  const mirror = join(home, "mirror");
  const stateDir = join(home, "state");
  const token = JSON.parse(readFileSync(served.tokenFile, "utf8")).token as string;
  const words = [
    ...[executable, "--base-url", served.fileApiUrl, "--token", token, "--workspace", served.workspaceId],
    ...["--local-dir", mirror, "--state-dir", stateDir, "--bootstrap-max-files-per-cycle", "-1"],
  ];
  return subject(
    "original",
    mirror,
    { HOME: home },
    {
      once: (again) => [...words, "--once", ...(again ? ["--full-reconcile"] : [])],
      daemon: words,
      state: () => bytesBelow(stateDir),
    },
  );
}

function subject(
  name: Subject["name"],
  mirror: string,
  environment: Readonly<Record<string, string>>,
  words: { once(again: boolean): string[]; daemon: string[]; state(): number },
): Subject {
  mkdirSync(mirror, { recursive: true });
  const env = { PATH: process.env.PATH ?? "", ...environment };
  return {
    name,
    mirror,
    async once({ again = false } = {}) {
      const startedMs = performance.now();
      const child = Bun.spawn(words.once(again), { env, stdout: "ignore", stderr: "ignore" });
      await child.exited;
      const cpuMs = Number(child.resourceUsage()?.cpuTime.total ?? 0) / 1_000;
      return { ms: performance.now() - startedMs, cpuMs, exitCode: child.exitCode };
    },
    start() {
      const child = Bun.spawn(words.daemon, { env, stdout: "ignore", stderr: "ignore" });
      return {
        pid: child.pid,
        async stop() {
          const startedMs = performance.now();
          child.kill("SIGTERM");
          await child.exited;
          return { ms: performance.now() - startedMs, exitCode: child.exitCode };
        },
      };
    },
    stateBytes: () =>
      words.state() +
      bytesBelow(join(mirror, ".relay")) +
      sizeOf(join(mirror, ".relayfile-mount-state.json")),
  };
}

function bytesBelow(directory: string): number {
  if (!existsSync(directory)) return 0;
  return readdirSync(directory, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(directory, entry.name);
    return sum + (entry.isDirectory() ? bytesBelow(path) : sizeOf(path));
  }, 0);
}

function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0;
}
