/** One process of the daemon in simulation: its view of disk, index, network and time ends when it is killed. */
import { runDaemon } from "../../lib/mount/daemon.ts";
import type { Engine } from "../../lib/mount/engine.ts";
import { openMount } from "../../lib/mount/open.ts";
import type { MountWorld } from "../../lib/mount/world.ts";
import type { Watcher } from "../../lib/ports.ts";
import { osError } from "../support/memory-fs.ts";
import type { MountRig } from "../support/mount-rig.ts";
import type { Network } from "./network.ts";
import type { DiskFault } from "./script.ts";

/** Thrown into whatever a dead process was doing. */
class Crash extends Error {}

/** The machine as its processes find it. */
export interface Surroundings {
  readonly rig: MountRig;
  readonly network: Network;
  /** Index of the machine. */
  readonly machine: number;
  /** A code when what is about to be done fails, else null. */
  diskFault(operation: string): DiskFault | null;
  /** False while no watcher can be started. */
  mayWatch(): boolean;
}

/** Time a stopping process gets before it counts as hanging. */
const STOP_MS = 300_000;

/** A started daemon. */
export class Life {
  alive = true;
  /** True when the daemon gave up by itself; a supervisor would start it again. */
  ended = false;
  private readonly stopping = new AbortController();
  private readonly killed = Promise.withResolvers<void>();
  private readonly done: Promise<void>;
  private readonly close: () => void;
  /** The engine at work, for what a person asks of it. */
  readonly engine: Engine;
  private readonly rig: MountRig;
  private deaf = false;
  private overflowed: (() => void) | null = null;
  private changed: (() => void) | null = null;
  private onChange: () => void = () => undefined;
  private onStep: () => void = () => undefined;

  /** Starts the daemon, after `prepare`. Throws what opening the mount throws; nothing is left running then. */
  constructor(
    private readonly around: Surroundings,
    prepare: (life: Life) => void = () => undefined,
  ) {
    this.rig = around.rig;
    prepare(this);
    const world = this.world();
    let mount: ReturnType<typeof openMount>;
    try {
      mount = openMount(world, this.rig.config, { ...this.rig.target(), fetch: world.fetch });
    } catch (error) {
      this.kill();
      throw error;
    }
    this.close = () => mount.close();
    this.engine = mount.engine;
    this.done = runDaemon(mount.engine, {
      stateDir: mount.stateDir,
      signal: this.stopping.signal,
      control: false,
    });
    this.done.catch(() => {
      this.ended = true;
    });
  }

  /** Runs `work` once, just before the n-th change to disk or index from now. */
  beforeChange(changes: number, work: () => void): void {
    this.onChange = once(changes, () => {
      this.onChange = () => undefined;
      work();
    });
  }

  /** The process dies at the n-th change from now. */
  crashAfter(changes: number, happened: () => void): void {
    this.beforeChange(changes, () => this.die(happened));
  }

  /** The process dies at the n-th step from now: a change, a sync, or a request's start or end. */
  crashAtStep(steps: number, happened: () => void): void {
    this.onStep = once(steps, () => {
      this.onStep = () => undefined;
      this.die(happened);
    });
  }

  /** Takes back every kill that was planned. */
  disarm(): void {
    this.onChange = () => undefined;
    this.onStep = () => undefined;
  }

  private die(happened: () => void): never {
    this.kill();
    happened();
    throw new Crash("killed");
  }

  /** Events of the watcher do not arrive for `ms`; then it reports that some were lost. */
  overflow(ms: number): void {
    this.deaf = true;
    this.rig.clock.after(ms, () => {
      this.deaf = false;
      if (this.alive) this.overflowed?.();
    });
  }

  /** The watcher says no more than that something changed. */
  vague(): void {
    if (this.alive) this.changed?.();
  }

  /** SIGKILL: nothing more happens in this process; its locks fall. */
  kill(): void {
    if (!this.alive) return;
    this.alive = false;
    this.killed.resolve();
    this.rig.dropLocks();
  }

  /** SIGTERM. Resolves when the process is gone, however it ended. */
  async stop(): Promise<void> {
    if (!this.alive) return;
    this.stopping.abort();
    try {
      await this.rig.clock.drive(Promise.race([this.done, this.killed.promise]), STOP_MS);
      if (this.alive) this.close();
    } catch (error) {
      // A full disk or a fault at the very end: the process ends with an error, as it would outside.
      if (error instanceof Error && error.message.startsWith("nothing settled")) throw error;
    }
    this.kill();
  }

  /** Before something happens: the process may be dead, may die now, or the disk may refuse. */
  private before(operation: string, path: string, torn?: () => void): void {
    if (!this.alive) throw new Crash("dead");
    try {
      if (CHANGES.has(operation)) this.onChange();
      if (CHANGES.has(operation) || MORE_STEPS.has(operation)) this.onStep();
    } catch (error) {
      torn?.();
      throw error;
    }
    const fault = this.around.diskFault(operation);
    if (fault === null) return;
    if (fault === "ENOSPC" || fault === "EIO") torn?.();
    throw osError(fault, path);
  }

  private world(): MountWorld {
    const { rig, network, machine } = this.around;
    const base = rig.world;
    const never = new Promise<never>(() => undefined);
    const fs = new Proxy(rig.fs, {
      get: (target, name) => {
        const value = Reflect.get(target, name, target) as unknown;
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => {
          this.before(String(name), String(args[0]), tearing(rig, String(name), args));
          return (value as (...all: unknown[]) => unknown).apply(target, args);
        };
      },
    });
    return {
      ...base,
      fs,
      clock: {
        now: () => base.clock.now(),
        monotonicMs: () => base.clock.monotonicMs(),
        sleep: (ms, signal) =>
          this.alive ? base.clock.sleep(ms, signal).then(() => (this.alive ? undefined : never)) : never,
        after: (ms, run) => base.clock.after(ms, () => this.alive && run()),
      },
      fetch: async (request) => {
        if (!this.alive) return never;
        this.requestStep();
        const answer = await network
          .carry(request, machine)
          .catch((failure: unknown) => (this.alive ? Promise.reject(failure) : never));
        if (this.alive) this.requestStep();
        return this.alive ? answer : never;
      },
      connectSocket: (url, options, handlers) =>
        base.connectSocket(url, options, {
          onOpen: () => this.alive && handlers.onOpen(),
          onMessage: (text) => {
            for (let copy = network.copies(); copy > 0; copy--) if (this.alive) handlers.onMessage(text);
          },
          onClose: (code, reason) => this.alive && handlers.onClose(code, reason),
        }),
      watch: (root, handlers) => this.watch(root, handlers),
      openDatabase: (path) => this.openDatabase(path),
    };
  }

  /** A request's start and end are moments to die in, but no disk can refuse them. */
  private requestStep(): void {
    try {
      this.onStep();
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
  }

  private watch(root: string, handlers: Parameters<MountWorld["watch"]>[1]): Watcher {
    if (!this.around.mayWatch()) throw osError("ENOSPC", root);
    this.overflowed = () => handlers.onError(new Error("events were lost"));
    this.changed = () => handlers.onChange(null);
    return this.rig.fs.watch(root, {
      onChange: (rel, kind) => this.alive && !this.deaf && handlers.onChange(rel, kind),
      onError: handlers.onError,
    });
  }

  private openDatabase(path: string) {
    const database = this.rig.world.openDatabase(path);
    const { sql } = database;
    return {
      sql: {
        all: ((text, params) => {
          if (!this.alive) throw new Crash("dead");
          return sql.all(text, params);
        }) as typeof sql.all,
        run: (text: string, params?: Parameters<typeof sql.run>[1]) => {
          if (!this.alive) throw new Crash("dead");
          if (text !== "ROLLBACK") {
            try {
              this.before("sql", path);
            } catch (error) {
              if (error instanceof Crash) throw error;
              // SQLite ends the whole transaction by itself when the disk fails.
              rollBack(sql);
              throw Object.assign(new Error("database or disk is full"), { code: "SQLITE_FULL" });
            }
          }
          sql.run(text, params);
        },
      },
      close: () => database.close(),
    };
  }
}

/** Calls `work` when asked the n-th time. */
function once(n: number, work: () => void): () => void {
  let left = n;
  return () => {
    if (left-- === 0) work();
  };
}

function rollBack(sql: { run(text: string): void }): void {
  try {
    sql.run("ROLLBACK");
  } catch {
    // No transaction was open.
  }
}

/** A write that fails or dies in the middle leaves a part of the bytes. */
function tearing(rig: MountRig, operation: string, args: readonly unknown[]): (() => void) | undefined {
  if (operation !== "writeFile") return undefined;
  const path = String(args[0]);
  const bytes = args[1] as Uint8Array;
  const { exclusive = false } = (args[2] ?? {}) as { exclusive?: boolean };
  if (exclusive && rig.fs.lstat(path) !== null) return undefined;
  return () => rig.fs.writeFile(path, bytes.subarray(0, bytes.byteLength >> 1));
}

/** What changes the disk or the index. */
const CHANGES: ReadonlySet<string> = new Set([
  "writeFile",
  "rename",
  "exchange",
  "unlink",
  "removeDir",
  "makeDir",
  "chmod",
  "appendFile",
  "writeUnnamed",
  "nameUnnamed",
  "sql",
]);

/** Further moments at which a process can die. */
const MORE_STEPS: ReadonlySet<string> = new Set(["renameNew", "syncDir", "syncTree"]);

/** What a disk in trouble refuses. Looking at names costs nothing and always works. */
export const REFUSED: Readonly<Record<DiskFault, ReadonlySet<string>>> = {
  ENOSPC: new Set(["writeFile", "appendFile", "makeDir", "rename", "sql"]),
  EROFS: new Set([...CHANGES, "renameNew"]),
  EIO: new Set([...CHANGES, ...MORE_STEPS, "readFile"]),
  EMFILE: new Set(["writeFile", "writeUnnamed", "appendFile", "readFile", "readDir", "syncDir", "syncTree"]),
};
