/**
 * Runs a script against the daemon's real code on a memory disk, a fake server and simulated time, then lets the sun
 * shine and asks whether everything a person relies on still holds.
 */

import { runDaemon } from "../../lib/mount/daemon.ts";
import type { Engine } from "../../lib/mount/engine.ts";
import { openMount } from "../../lib/mount/open.ts";
import type { MountWorld } from "../../lib/mount/world.ts";
import { sha256 } from "../../lib/runtime/bun/mount-world.ts";
import { error, json } from "../support/fake-file-api.ts";
import { MountRig, seededRandom } from "../support/mount-rig.ts";
import { type Action, FAIR, randomScript, type Weather } from "./script.ts";

/** How a run ended. */
export interface SimResult {
  readonly problems: readonly string[];
  /** Faults that really hit a request or an operation, by kind. */
  readonly faults: Readonly<Record<string, number>>;
  readonly steps: readonly string[];
}

/** Thrown into whatever a dead process was doing. */
class Crash extends Error {}

/** Simulated time for both sides to agree once faults have ended. */
const CALM_MS = 20 * 60_000;

/** Runs one script. The same script and seed give the same run. */
export async function runScript(script: readonly Action[], seed: number): Promise<SimResult> {
  return new Simulation(seed).run(script);
}

/** Generates and runs the script of a seed. */
export function runSeed(seed: number, length = 40): Promise<SimResult> {
  return runScript(randomScript(seededRandom(seed), length), seed);
}

/** The smallest script found that still fails, by removing parts. */
export async function shrink(script: readonly Action[], seed: number): Promise<readonly Action[]> {
  let best = script;
  for (let size = Math.ceil(best.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at + size <= best.length; ) {
      const smaller = [...best.slice(0, at), ...best.slice(at + size)];
      const { problems } = await runScript(smaller, seed);
      if (problems.length > 0) best = smaller;
      else at += size;
    }
  }
  return best;
}

class Simulation {
  private readonly rig: MountRig;
  private readonly random;
  private weather: Weather = FAIR;
  private readonly faults: Record<string, number> = {};
  private readonly steps: string[] = [];
  /** The last bytes a user saved at a path and did not remove again. */
  private readonly lastSaved = new Map<string, string>();
  /** Every content a person had before their eyes at a path, by hash: what an upload may replace. */
  private readonly seen = new Map<string, Set<string>>();
  /** Hashes of what a person saved, by path. */
  private readonly saved = new Map<string, Set<string>>();
  /** Paths that somebody else changed on the server. */
  private readonly touchedRemotely = new Set<string>();
  /** Files nobody touches that have arrived, until one vanishes. */
  private readonly arrived = new Set<string>();
  /** Paths a user removed or moved away at some time. */
  private readonly removedByUser = new Set<string>();
  private readonly problems: string[] = [];
  private life: Life | null = null;

  constructor(seed: number) {
    // Half the runs have audits that would heal a lost event in time; the other half have none.
    const fullPullMinIntervalMs = seed % 2 === 0 ? 90_000 : 86_400_000;
    this.rig = new MountRig({ seed, flags: { fullPullMinIntervalMs, websocket: seed % 3 !== 0 } });
    this.random = seededRandom(seed ^ 0x5eed);
    for (const path of ["/a.md", "/d/c.md", "/keep/1.md", "/keep/2.md"])
      this.rig.api.put(path, `first ${path}\n`);
    this.rig.api.intercept = (request) => this.meddle(request.path, request.method, request.query);
    this.rig.api.onApplied = (path, hash, replaced) => this.judgeUpload(path.slice(1), hash, replaced);
  }

  async run(script: readonly Action[]): Promise<SimResult> {
    this.start();
    await this.rig.clock.advance(3_000);
    for (const action of script) {
      this.steps.push(JSON.stringify(action));
      await this.perform(action);
      await this.rig.clock.quiet();
      this.judgeKept();
    }
    this.weather = FAIR;
    this.rig.refuseSockets = false;
    this.start();
    await this.rig.clock.advance(CALM_MS);
    this.judge();
    await this.life?.stop();
    return { problems: this.problems, faults: this.faults, steps: this.steps };
  }

  private async perform(action: Action): Promise<void> {
    const { fs, root, api, clock } = this.rig;
    switch (action.kind) {
      case "save":
        this.user(() => fs.save(`${root}/${action.path}`, action.text), action.path, action.text);
        return;
      case "append": {
        const before = fs.text(`${root}/${action.path}`) ?? "";
        this.user(
          () => fs.save(`${root}/${action.path}`, before + action.text),
          action.path,
          before + action.text,
        );
        return;
      }
      case "atomic-save": {
        const slash = action.path.lastIndexOf("/");
        const staging = `${root}/${action.path.slice(0, slash + 1)}.${action.path.slice(slash + 1)}.tmp-7`;
        this.user(
          () => {
            fs.save(staging, action.text);
            fs.rename(staging, `${root}/${action.path}`);
          },
          action.path,
          action.text,
        );
        return;
      }
      case "remove":
        if (fs.text(`${root}/${action.path}`) === null) return;
        this.removedByUser.add(action.path);
        this.user(() => fs.unlink(`${root}/${action.path}`), action.path, null);
        return;
      case "move": {
        const text = fs.text(`${root}/${action.path}`);
        if (text === null || action.path === action.to) return;
        this.removedByUser.add(action.path);
        this.look(action.to);
        remember(this.saved, action.to, text);
        fs.makeDir(`${root}/${action.to}`.replace(/\/[^/]*$/, ""));
        this.user(() => fs.rename(`${root}/${action.path}`, `${root}/${action.to}`), action.path, null);
        this.lastSaved.set(action.to, text);
        return;
      }
      case "vanish":
        if (this.life?.alive || fs.text(`${root}/${action.path}`) === null) return;
        this.count("vanished file");
        this.arrived.delete(action.path);
        this.user(() => fs.unlink(`${root}/${action.path}`), action.path, null);
        return;
      case "remote-put":
        this.touchedRemotely.add(action.path);
        api.put(`/${action.path}`, action.text);
        return;
      case "remote-remove":
        this.touchedRemotely.add(action.path);
        api.remove(`/${action.path}`);
        return;
      case "intrude":
        this.life?.beforeOperation(action.beforeOp, () => {
          this.count("intrusion");
          this.user(() => fs.save(`${root}/${action.path}`, action.text), action.path, action.text);
        });
        return;
      case "weather":
        this.weather = action.weather;
        this.rig.refuseSockets = action.weather.lost > 0.3;
        if (action.weather.lost > 0) this.rig.dropSockets();
        return;
      case "crash":
        this.life?.crashAfter(action.afterOps, () => this.count("crash"));
        await clock.advance(50);
        this.life?.kill();
        this.life = null;
        return;
      case "stop":
        await this.life?.stop();
        this.life = null;
        return;
      case "start":
        this.start();
        return;
      case "wait":
        await clock.advance(action.ms);
        return;
    }
  }

  /** What a person does never meets the daemon's faults. */
  private user(work: () => void, path: string, text: string | null): void {
    this.look(path);
    work();
    if (text !== null) remember(this.saved, path, text);
    if (text === null) this.lastSaved.delete(path);
    else this.lastSaved.set(path, text);
  }

  /** What a person sees at a path right now counts as seen. */
  private look(path: string): void {
    const text = this.rig.local(path);
    if (text !== null) remember(this.seen, path, text);
  }

  /** An upload of a person's own bytes may replace only what they had seen, or their own earlier saves. */
  private judgeUpload(path: string, hash: string, replaced: string | null): void {
    if (replaced === null || replaced === hash || !this.saved.get(path)?.has(hash)) return;
    if (this.seen.get(path)?.has(replaced) || this.saved.get(path)?.has(replaced)) return;
    const merged = this.rig.api.applied.some((one) => one.path === `/${path}` && one.hash === replaced);
    if (!merged) this.problems.push(`an upload of ${path} replaced a version nobody here had seen`);
  }

  /** Files nobody touches stay, at every moment, once they have arrived. */
  private judgeKept(): void {
    for (const path of ["keep/1.md", "keep/2.md"]) {
      const here = this.rig.local(path) !== null;
      if (here) this.arrived.add(path);
      else if (this.arrived.has(path)) this.problems.push(`${path}, which nobody touched, went away`);
    }
  }

  private start(): void {
    if (this.life?.alive) return;
    this.life = new Life(this.rig);
  }

  private count(kind: string): void {
    this.faults[kind] = (this.faults[kind] ?? 0) + 1;
  }

  private meddle(path: string, method: string, query: URLSearchParams) {
    const { lost, lostReply, status, code, truncated } = this.weather;
    const roll = this.random.float();
    if (roll < lost) {
      this.count("lost request");
      return "drop" as const;
    }
    if (roll < lost + lostReply * (1 - lost)) {
      this.count("lost reply");
      return "drop-reply" as const;
    }
    if (this.random.float() < status) {
      this.count(`status ${code}`);
      return error(code, "unavailable", "storm");
    }
    if (truncated && method === "GET" && path.endsWith("/fs/tree")) {
      this.count("truncated listing");
      const files = [...this.rig.api.files].filter(() => this.random.float() < 0.5);
      return json(200, {
        path: query.get("path") ?? "/",
        entries: files.map(([at, file]) => ({
          path: at,
          type: "file",
          revision: file.revision,
          contentHash: sha256(file.bytes),
          size: file.bytes.byteLength,
        })),
        nextCursor: null,
      });
    }
    return null;
  }

  private judge(): void {
    const { rig } = this;
    const local = rig.fs.files(rig.root);
    const remote = [...rig.api.files.keys()].map((path) => path.slice(1)).sort();
    const refused = new Set(this.allBytes("dead-letter").keys());
    for (const rel of new Set([...local, ...remote])) {
      const [here, there] = [rig.local(rel), rig.api.text(`/${rel}`)];
      if (here !== there && !refused.has(rel))
        this.problems.push(`${rel} differs: here ${brief(here)}, there ${brief(there)}`);
    }
    if (rig.fs.lstat(rig.root)?.kind !== "directory") this.problems.push("the root is gone");
    this.judgeSaves();
    this.judgeOperations();
    const state = rig.relay("state.json");
    if (state?.verdict !== "ok" && !/refused|both sides/.test(state?.verdictReason ?? "")) {
      this.problems.push(
        `verdict ${state?.verdict}: ${state?.verdictReason} (${JSON.stringify(state?.lastError)})`,
      );
    }
  }

  private judgeSaves(): void {
    const { rig } = this;
    const kept = new Set([...this.allBytes("")].map(([, text]) => sha256(text)));
    for (const [path, text] of this.lastSaved) {
      const hash = sha256(text);
      const onServer = rig.api.everStored.has(hash);
      if (!onServer && !kept.has(hash) && rig.local(path) !== text)
        this.problems.push(`a save of ${path} is lost: ${brief(text)}`);
    }
  }

  private judgeOperations(): void {
    const { rig } = this;
    const identities = rig.api.applied.map(({ identity }) => identity).filter((one) => one !== null);
    if (new Set(identities).size !== identities.length) this.problems.push("an operation was applied twice");
    for (const path of this.allBytes("conflicts").keys()) {
      const rel = /conflicts\/(.*)\.[^.]+\.local$/.exec(path)?.[1] ?? "";
      if (rel !== "" && !rel.startsWith("resolved/") && !this.touchedRemotely.has(rel))
        this.problems.push(`${rel} has a conflict although nobody else ever changed it`);
    }
    for (const op of rig.api.ops.values()) {
      if (op.action === "file_delete" && !this.removedByUser.has(op.path.slice(1)))
        this.problems.push(`${op.path} was deleted on the server and no person removed it`);
    }
    for (const rel of ["keep/1.md", "keep/2.md"]) {
      if (rig.local(rel) === null || rig.api.text(`/${rel}`) === null)
        this.problems.push(`${rel}, which nobody touched, is gone`);
    }
  }

  /** Every text kept below the runtime area: artifacts, outbox bodies; by path. */
  private allBytes(below: string): Map<string, string> {
    const found = new Map<string, string>();
    const walk = (directory: string) => {
      if (this.rig.fs.lstat(directory)?.kind !== "directory") return;
      for (const { name, kind } of this.rig.fs.readDir(directory)) {
        const path = `${directory}/${name}`;
        if (kind === "directory") walk(path);
        else {
          const text = this.rig.fs.text(path) ?? "";
          found.set(path, text);
          if (path.includes("/outbox/"))
            found.set(`${path}#content`, (safeJson(text)?.content as string) ?? "");
          if (path.includes("/dead-letter/"))
            found.set(((safeJson(text)?.path as string) ?? "").slice(1), text);
        }
      }
    };
    walk(`${this.rig.root}/.relay/${below}`);
    return found;
  }
}

function remember(sets: Map<string, Set<string>>, path: string, text: string): void {
  const set = sets.get(path) ?? new Set();
  sets.set(path, set.add(sha256(text)));
}

/** One process: its view of the world ends when it is killed. */
class Life {
  alive = true;
  private readonly stopping = new AbortController();
  private readonly done: Promise<void>;
  private readonly close: () => void;
  private readonly rig: MountRig;

  constructor(rig: MountRig) {
    this.rig = rig;
    const world = this.world();
    const mount = openMount(world, rig.config, { ...rig.target(), fetch: world.fetch });
    this.close = () => mount.close();
    this.done = runDaemon(mount.engine as Engine, {
      stateDir: mount.stateDir,
      signal: this.stopping.signal,
      control: false,
    });
    this.done.catch(() => undefined);
  }

  /** Runs `work` once, just before the n-th change to disk or index from now. */
  beforeOperation(operations: number, work: () => void): void {
    let left = operations;
    this.onOperation = () => {
      if (left-- > 0) return;
      this.onOperation = () => undefined;
      work();
    };
  }

  /** The process dies at the n-th change to disk or index from now. */
  crashAfter(operations: number, happened: () => void): void {
    let left = operations;
    this.onOperation = () => {
      if (left-- > 0) return;
      happened();
      this.kill();
      throw new Crash("killed");
    };
  }

  /** SIGKILL: nothing more happens in this process; its locks fall. */
  kill(): void {
    if (!this.alive) return;
    this.alive = false;
    this.rig.dropLocks();
  }

  /** SIGTERM. */
  async stop(): Promise<void> {
    if (!this.alive) return;
    this.stopping.abort();
    await this.rig.clock.drive(this.done, 60_000);
    this.close();
    this.kill();
  }

  private onOperation: () => void = () => undefined;

  private guard(): void {
    if (!this.alive) throw new Crash("dead");
  }

  /** The rig's world as this process sees it. */
  private world(): MountWorld {
    const { rig } = this;
    const base = rig.world;
    const never = new Promise<never>(() => undefined);
    const fs = new Proxy(rig.fs, {
      get: (target, name) => {
        const value = Reflect.get(target, name, target) as unknown;
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => {
          this.guard();
          if (CHANGES.has(String(name))) this.onOperation();
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
        const answer = await base
          .fetch(request)
          .catch((failure: unknown) => (this.alive ? Promise.reject(failure) : never));
        return this.alive ? answer : never;
      },
      connectSocket: (url, options, handlers) =>
        base.connectSocket(url, options, {
          onOpen: () => this.alive && handlers.onOpen(),
          onMessage: (text) => this.alive && handlers.onMessage(text),
          onClose: (code, reason) => this.alive && handlers.onClose(code, reason),
        }),
      watch: (root, handlers) =>
        rig.fs.watch(root, {
          onChange: (rel, kind) => this.alive && handlers.onChange(rel, kind),
          onError: handlers.onError,
        }),
      openDatabase: (path) => {
        const database = base.openDatabase(path);
        return {
          sql: {
            all: (text, params) => {
              this.guard();
              return database.sql.all(text, params);
            },
            run: (text, params) => {
              this.guard();
              this.onOperation();
              database.sql.run(text, params);
            },
          },
          close: () => database.close(),
        };
      },
    };
  }
}

const CHANGES: ReadonlySet<string> = new Set([
  "writeFile",
  "rename",
  "exchange",
  "unlink",
  "removeDir",
  "makeDir",
  "chmod",
  "appendFile",
]);

function brief(text: string | null): string {
  return text === null ? "nothing" : JSON.stringify(text.slice(-30));
}

function safeJson(text: string): Record<string, unknown> | null {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    // Not every file is a document.
    return null;
  }
}
