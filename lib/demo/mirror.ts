/** The mirror of the demo: a real daemon in this process, and the save that its provider refuses. */

import { homeOf } from "../client/home.ts";
import { updateRegistry, upsertWorkspace } from "../client/registry.ts";
import { fail } from "../errors.ts";
import { mountConfig } from "../mount/config.ts";
import { runDaemon } from "../mount/daemon.ts";
import { listDeadLetters } from "../mount/dead-letter.ts";
import { runtimeLayout } from "../mount/layout.ts";
import { openMount } from "../mount/open.ts";
import type { MountWorld } from "../mount/world.ts";
import { DEAD_LETTER_WAIT_MS, REFUSED_SAVE } from "./incidents.ts";

/** What to mirror and where to. */
export interface MirrorOptions {
  readonly world: MountWorld;
  readonly workspaceId: string;
  readonly cloudWorkspaceId: string;
  readonly workspaceName: string;
  readonly server: string;
  readonly localRoot: string;
  /** Private state of the daemon. */
  readonly stateDir: string;
  token(): string;
}

/** A running mirror. */
export interface DemoMirror {
  /** Saves the file that is refused and waits until it is a dead letter. Resolves with the op's id. */
  saveRefusedFile(signal: AbortSignal): Promise<string>;
  /** Ends the daemon after its last flush. */
  stop(): Promise<void>;
}

const POLL_MS = 50;

/** Starts the daemon and waits for its first pull. The registry learns the directory, so that `doctor` looks there. */
export async function startMirror(options: MirrorOptions): Promise<DemoMirror> {
  const { world, workspaceId, localRoot, server, stateDir } = options;
  const identity = { workspaceId, localRoot, remoteRoot: "/", server, stateDir, scopes: null };
  const config = mountConfig(identity, {}, world.host.env, world.log);
  const target = {
    service: "file-api",
    baseUrl: server,
    token: options.token,
    fetch: world.fetch,
    random: world.random,
    correlationPrefix: "mount",
  } as const;
  const opened = openMount(world, config, target);
  const stopping = new AbortController();
  let ready = (): void => {};
  const firstPull = new Promise<void>((resolve) => {
    ready = resolve;
  });
  const running = runDaemon(opened.engine, {
    stateDir: opened.stateDir,
    signal: stopping.signal,
    onReady: () => ready(),
  });
  const stop = async () => {
    stopping.abort();
    try {
      await running;
    } finally {
      opened.close();
    }
  };
  try {
    await Promise.race([firstPull, running]);
    await register(options);
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop, saveRefusedFile: (signal) => saveRefusedFile(options, signal) };
}

async function register({
  world,
  workspaceId,
  cloudWorkspaceId,
  workspaceName,
  server,
  localRoot,
}: MirrorOptions): Promise<void> {
  const entry = {
    name: workspaceName,
    id: cloudWorkspaceId,
    relayWorkspaceId: workspaceId,
    localDir: localRoot,
    server,
    remotePaths: ["/"],
  };
  await updateRegistry(world, homeOf(world.host), (workspaces) => ({
    workspaces: upsertWorkspace(workspaces, entry, world.clock.now()),
    default: workspaceName,
  }));
}

async function saveRefusedFile({ world, localRoot }: MirrorOptions, signal: AbortSignal): Promise<string> {
  const { fs, clock } = world;
  const text = `${JSON.stringify(REFUSED_SAVE.body, null, 2)}\n`;
  fs.writeFile(`${localRoot}${REFUSED_SAVE.path}`, new TextEncoder().encode(text));
  const { deadLetters } = runtimeLayout(localRoot);
  const deadline = clock.monotonicMs() + DEAD_LETTER_WAIT_MS;
  while (clock.monotonicMs() < deadline) {
    const found = listDeadLetters(fs, deadLetters).records.find(({ path }) => path === REFUSED_SAVE.path);
    if (found !== undefined) return found.opId;
    await clock.sleep(POLL_MS, signal);
  }
  return fail("request_timeout", `no dead letter for ${REFUSED_SAVE.path} after ${DEAD_LETTER_WAIT_MS} ms`);
}
