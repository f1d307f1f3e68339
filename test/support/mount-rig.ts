/** A mount on a memory disk against a fake file API, under simulated time: the daemon's real code, nothing else real. */
import { Database as Sqlite } from "bun:sqlite";
import type { ServiceTarget } from "../../lib/client/http.ts";
import { type MountConfig, type MountFlags, mountConfig } from "../../lib/mount/config.ts";
import { runDaemon } from "../../lib/mount/daemon.ts";
import type { Engine } from "../../lib/mount/engine.ts";
import { type OnceReport, runOnce } from "../../lib/mount/once.ts";
import { type OpenMount, openMount } from "../../lib/mount/open.ts";
import type { MountWorld, StateDatabase } from "../../lib/mount/world.ts";
import type {
  ConnectSocket,
  Env,
  Log,
  LogFields,
  Random,
  Socket,
  SqlRow,
  SqlValue,
} from "../../lib/ports.ts";
import { sha256 } from "../../lib/runtime/bun/mount-world.ts";
import { FakeFileApi } from "./fake-file-api.ts";
import { MemoryFs } from "./memory-fs.ts";
import { SimClock } from "./sim-clock.ts";

/** The mount root of every rig. */
export const ROOT = "/home/u/mirror";

/** How many recent states of an index a power cut chooses from. */
const COMMITS_KEPT = 24;

/** What to build. */
export interface RigOptions {
  readonly remoteRoot?: string;
  readonly root?: string;
  readonly flags?: MountFlags;
  readonly env?: Env;
  readonly scopes?: readonly string[];
  readonly seed?: number;
  /** Shared server, for two mounts on one workspace. */
  readonly api?: FakeFileApi;
  readonly clock?: SimClock;
  /** A mount whose machine this is: its disk, indexes, clock and server, under other settings. */
  readonly after?: MountRig;
  /** Another disk than the plain one. */
  readonly disk?: new (
    now: () => number,
  ) => MemoryFs;
  /** Keep what `cutPower` needs. */
  readonly powerFails?: boolean;
}

/** A line that was logged. */
export interface LoggedLine {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
}

/** A mount under test. */
export class MountRig {
  readonly clock: SimClock;
  readonly fs: MemoryFs;
  readonly api: FakeFileApi;
  readonly lines: LoggedLine[] = [];
  readonly root: string;
  readonly world: MountWorld;
  readonly config: MountConfig;
  private readonly databases: Map<string, Sqlite>;
  /** While set, states of each index since it was opened or checkpointed: what a power cut may go back to. */
  private readonly commits = new Map<string, Uint8Array[]>();
  private readonly locks = new Set<string>();
  private readonly sockets = new Set<(code: number) => void>();
  /** While true, no live connection can be opened. */
  refuseSockets = false;
  private running: { mount: OpenMount; stop: AbortController; done: Promise<void> } | null = null;

  private readonly powerFails: boolean;

  constructor(options: RigOptions = {}) {
    this.powerFails = options.powerFails ?? false;
    const { after } = options;
    this.databases = after?.databases ?? new Map();
    this.clock = options.clock ?? after?.clock ?? new SimClock();
    this.fs = after?.fs ?? new (options.disk ?? MemoryFs)(() => this.clock.now());
    this.api = options.api ?? after?.api ?? new FakeFileApi(() => this.clock.now());
    this.root = options.root ?? ROOT;
    this.fs.makeDir(this.root);
    const random = seededRandom(options.seed ?? 1);
    this.world = {
      clock: this.clock,
      random,
      log: this.log(),
      fs: this.fs,
      watch: (root, handlers) => this.fs.watch(root, handlers),
      fetch: async (request) => {
        this.clock.busy++;
        try {
          return await this.api.fetch(request);
        } finally {
          this.clock.busy--;
        }
      },
      connectSocket: (url, _options, handlers) => this.connect(new URL(url), handlers),
      host: {
        env: options.env ?? {},
        cwd: "/home/u",
        homeDir: "/home/u",
        tempDir: "/tmp",
        pid: 4242,
        platform: "linux",
        arch: "x64",
        isAlive: () => true,
        executableOf: () => "/usr/bin/relayfile",
        kill: () => undefined,
      },
      sha256,
      openDatabase: (path) => this.openDatabase(path),
      acquireLease: (path, content) => {
        if (this.locks.has(path)) return null;
        this.locks.add(path);
        this.fs.writeFile(path, new TextEncoder().encode(content));
        return { release: () => void this.locks.delete(path) };
      },
      spawnSelf: () => {
        throw new Error("a rig has no processes");
      },
    };
    this.config = mountConfig(
      {
        workspaceId: "rw_abcd1234",
        localRoot: this.root,
        remoteRoot: options.remoteRoot ?? "/",
        server: "http://file.test",
        stateDir: "/home/u/.relayfile-mount-state",
        scopes: options.scopes ?? null,
      },
      { websocket: false, ...options.flags },
      options.env ?? {},
      this.world.log,
    );
  }

  /** The service as the daemon calls it. */
  target(): ServiceTarget {
    return {
      service: "file-api",
      baseUrl: "http://file.test",
      token: () => "header.e30.sig",
      fetch: this.world.fetch,
      random: this.world.random,
      correlationPrefix: "mount",
    };
  }

  /** Opens the mount, runs `work` on its engine, closes it. */
  async withEngine<T>(work: (engine: Engine) => Promise<T> | T): Promise<T> {
    const mount = openMount(this.world, this.config, this.target());
    try {
      return await this.clock.drive(Promise.resolve(work(mount.engine)));
    } finally {
      mount.close();
    }
  }

  /** `mount --once`. */
  once(): Promise<OnceReport> {
    return this.withEngine((engine) => runOnce(engine, new AbortController().signal));
  }

  /** Starts the daemon and lets it do what needs no waiting. */
  async start(settleMs = 2_000): Promise<Engine> {
    const mount = openMount(this.world, this.config, this.target());
    const stop = new AbortController();
    const done = runDaemon(mount.engine, { stateDir: mount.stateDir, signal: stop.signal });
    done.catch(() => undefined);
    this.running = { mount, stop, done };
    await this.clock.advance(settleMs);
    return mount.engine;
  }

  /** Why the daemon ended by itself; null when it ended well. Time moves until it did. */
  async ending(): Promise<unknown> {
    if (this.running === null) return null;
    const { mount, done } = this.running;
    this.running = null;
    const reason = await this.clock.drive(done.then(() => null)).catch((error: unknown) => error);
    mount.close();
    return reason;
  }

  /** Stops the daemon as SIGTERM does. */
  async stop(): Promise<void> {
    if (this.running === null) return;
    const { mount, stop, done } = this.running;
    this.running = null;
    stop.abort();
    await this.clock.drive(done);
    mount.close();
  }

  /** Loses the private index, as when its directory was removed. */
  forgetIndex(): void {
    this.databases.clear();
    this.fs.removeTree("/home/u/.relayfile-mount-state");
  }

  /** What the kernel does when a process dies. */
  dropLocks(): void {
    this.locks.clear();
  }

  /** The machine loses power: the disk keeps what was synced, an index some recent state of itself. */
  cutPower(random: Random): void {
    this.fs.cutPower(random);
    for (const [path, states] of this.commits) {
      const state = states[Math.floor(random.float() * states.length)];
      if (state === undefined) continue;
      this.databases.get(path)?.close();
      this.databases.set(path, Sqlite.deserialize(state));
      this.commits.set(path, [state]);
    }
    this.dropLocks();
    this.dropSockets();
  }

  /** Gives back what no collector sees. The rig is spent. */
  dispose(): void {
    for (const database of this.databases.values()) database.close();
    this.databases.clear();
    this.commits.clear();
  }

  /** The file below the root, as text. */
  local(rel: string): string | null {
    return this.fs.text(`${this.root}/${rel}`);
  }

  /** Saves a file below the root, as an editor that writes in place. */
  save(rel: string, text: string): void {
    this.fs.save(`${this.root}/${rel}`, text);
  }

  /** A JSON document of the runtime area, or null. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into documents of several shapes.
  relay(path: string): any {
    const text = this.fs.text(`${this.root}/.relay/${path}`);
    return text === null ? null : JSON.parse(text);
  }

  /** Names in a directory of the runtime area. */
  relayNames(path: string): string[] {
    const directory = `${this.root}/.relay/${path}`;
    if (this.fs.lstat(directory) === null) return [];
    return this.fs
      .readDir(directory)
      .map(({ name }) => name)
      .sort();
  }

  /** A live connection: what was missed since the cursor, then every event as it happens, in order. */
  private connect(url: URL, handlers: Parameters<ConnectSocket>[2]): Socket {
    const cursor = url.searchParams.get("cursor");
    let open = true;
    const listener = (message: string) => queueMicrotask(() => open && handlers.onMessage(message));
    const end = (code: number) => {
      if (!open) return;
      open = false;
      this.api.listeners.delete(listener);
      this.sockets.delete(end);
      handlers.onClose(code, "");
    };
    queueMicrotask(() => {
      if (!open) return;
      if (this.refuseSockets || this.api.isExpired(cursor)) return end(1006);
      this.sockets.add(end);
      handlers.onOpen();
      const missed = this.api.events.filter(
        (event) => cursor !== null && Number(event.eventId.slice(4)) > Number(cursor.slice(4)),
      );
      for (const event of missed) listener(this.api.liveMessage(event));
      this.api.listeners.add(listener);
    });
    return {
      send: () => listener(JSON.stringify({ type: "pong" })),
      close: () => queueMicrotask(() => end(1000)),
    };
  }

  /** Drops every live connection. */
  dropSockets(): void {
    for (const end of [...this.sockets]) end(1006);
  }

  private openDatabase(path: string): StateDatabase {
    let connection = this.databases.get(path);
    if (connection === undefined) {
      connection = new Sqlite(":memory:");
      this.databases.set(path, connection);
      this.fs.makeDir(path.slice(0, path.lastIndexOf("/")));
      this.fs.writeFile(path, new Uint8Array([1]), { sync: true });
      this.fs.settle();
    }
    const open = connection;
    const committed = () => {
      if (!this.powerFails || open.inTransaction) return;
      const states = this.commits.get(path) ?? [];
      this.commits.set(path, [...states.slice(-COMMITS_KEPT), open.serialize()]);
    };
    committed();
    // A process that died inside a transaction left nothing of it behind.
    if (open.inTransaction) open.run("ROLLBACK");
    return {
      sql: {
        all: <Row extends SqlRow>(text: string, params: readonly SqlValue[] = []) =>
          open.query(text).all(...(params as SqlValue[])) as Row[],
        run: (text, params = []) => {
          open.query(text).run(...(params as SqlValue[]));
          committed();
        },
      },
      close: () => {
        if (!this.powerFails) return;
        this.commits.delete(path);
        committed();
      },
    };
  }

  private log(): Log {
    const write =
      (level: string) =>
      (message: string, fields: LogFields = {}) =>
        void this.lines.push({ level, message, fields });
    return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
  }
}

/** A small generator (mulberry32): the same seed gives the same run. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const float = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const hex = (length: number) =>
    Array.from({ length }, () => Math.floor(float() * 16).toString(16)).join("");
  return {
    bytes: (length) => Uint8Array.from({ length }, () => Math.floor(float() * 256)),
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`,
    float,
  };
}
