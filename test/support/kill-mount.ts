/**
 * The executable as a mount daemon under a real workload against a real stack, killed at random moments: two writers on
 * one workspace, one with a mirror and one without, and a check of everything after every kill.
 */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Clock, Random } from "../../lib/ports.ts";
import { sha256 } from "../../lib/runtime/bun/mount-world.ts";
import { binaryPath } from "./binary.ts";
import type { TestStack } from "./stack.ts";

/** What a loop works with. */
export interface KillLoopOptions {
  readonly stack: TestStack;
  /** Empty directory for the mirror and the daemon's state. */
  readonly directory: string;
  readonly random: Random;
  readonly clock: Clock;
}

/** Counts of a loop. */
export interface KillLoopReport {
  readonly rounds: number;
  readonly saves: number;
  readonly deletes: number;
  readonly remoteWrites: number;
  readonly conflictsKept: number;
  /** Longest time from a restart to agreement, ms. */
  readonly slowestMs: number;
}

const PATHS = Array.from({ length: 24 }, (_, n) => `w/d${n % 4}/f${n}.md`);
const WORK_MS_MAX = 1_200;
const AGREE_MS_MAX = 90_000;

/** One loop. `round` throws with what was wrong. */
export class KillLoop {
  private readonly root: string;
  private child: Bun.Subprocess | null = null;
  private token = "";
  private serial = 0;
  /** Last content a person saved at a path and did not remove. */
  private readonly lastSaved = new Map<string, string>();
  private readonly removed = new Set<string>();
  /** How often a content was put at a path by anybody, by path and hash. */
  private readonly made = new Map<string, number>();
  private readonly remoteDeletes = new Set<string>();
  private cursor: string | null = null;
  private readonly everStored = new Set<string>();
  private readonly applied = new Map<string, number>();
  private readonly counts = { rounds: 0, saves: 0, deletes: 0, remoteWrites: 0, slowestMs: 0 };

  constructor(private readonly options: KillLoopOptions) {
    this.root = join(options.directory, "mirror");
  }

  /** Starts the first daemon and waits for the first copy. */
  async begin(): Promise<void> {
    this.token = await this.options.stack.mint(["fs:read", "fs:write", "sync:read", "ops:read"], {
      lifetimeMs: 86_400_000,
    });
    writeFileSync(join(this.options.directory, "token"), this.token, { mode: 0o600 });
    for (const path of PATHS.slice(0, 8)) await this.remotePut(path);
    await this.start();
    await this.agree();
  }

  /** Works, kills, restarts, waits for agreement and checks. */
  async round(): Promise<void> {
    const { clock, random } = this.options;
    const endMs = clock.monotonicMs() + random.float() * WORK_MS_MAX;
    while (clock.monotonicMs() < endMs) {
      await this.work();
      if (random.float() < 0.5) await clock.sleep(random.float() * 40);
    }
    await this.kill();
    // What happens while nobody runs: saves here, anything there.
    if (random.float() < 0.5) this.save();
    if (random.float() < 0.5) await this.remotePut(this.pick());
    await this.start();
    // Sometimes the next process dies young, in the middle of picking up what the last one left.
    if (random.float() < 0.5) {
      await clock.sleep(random.float() * 400);
      await this.kill();
      await this.start();
    }
    await this.agree();
    this.check();
    this.counts.rounds++;
  }

  /** Ends the daemon; what the loop did. */
  async end(): Promise<KillLoopReport> {
    await this.kill();
    return { ...this.counts, conflictsKept: filesBelow(join(this.root, ".relay", "conflicts")).length };
  }

  private async start(): Promise<void> {
    const { stack, directory } = this.options;
    mkdirSync(this.root, { recursive: true });
    const words = ["mount", stack.workspaceId, this.root, "--file-api", stack.fileApiUrl, "--interval", "5s"];
    const files = ["--token-file", join(directory, "token"), "--state-dir", join(directory, "state")];
    this.child = Bun.spawn([await binaryPath(), ...words, ...files, "--quiet", "--no-input"], {
      cwd: directory,
      env: { PATH: process.env.PATH ?? "", HOME: directory, RELAYFILE_HOME: join(directory, "home") },
      stdio: ["ignore", "ignore", Bun.file(join(directory, "daemon.log"))],
    });
  }

  private async kill(): Promise<void> {
    this.child?.kill("SIGKILL");
    await this.child?.exited;
    this.child = null;
  }

  private async work(): Promise<void> {
    const roll = this.options.random.float();
    if (roll < 0.55) this.save();
    else if (roll < 0.6) this.move();
    else if (roll < 0.64) this.remove();
    else if (roll < 0.94) await this.remotePut(this.pick());
    else await this.remoteRemove();
  }

  private pick(): string {
    return PATHS[Math.floor(this.options.random.float() * PATHS.length)] as string;
  }

  private text(): string {
    const size = this.options.random.float() < 0.05 ? 200_000 : this.options.random.float() * 4_000;
    return `${this.serial++} `.padEnd(size, "x");
  }

  private save(path = this.pick(), text = this.text()): void {
    const file = join(this.root, path);
    mkdirSync(dirname(file), { recursive: true });
    if (this.options.random.float() < 0.5) writeFileSync(file, text);
    else {
      const staging = join(dirname(file), `.${this.serial}.tmp-save`);
      writeFileSync(staging, text);
      renameSync(staging, file);
    }
    this.saved(path, text);
  }

  private saved(path: string, text: string): void {
    this.counts.saves++;
    this.lastSaved.set(path, text);
    raise(this.made, `${path}\0${sha256(text)}`);
  }

  private move(): void {
    const [from, to] = [this.pick(), this.pick()];
    const file = join(this.root, from);
    if (from === to || !existsSync(file)) return;
    const text = readFileSync(file, "utf8");
    mkdirSync(dirname(join(this.root, to)), { recursive: true });
    renameSync(file, join(this.root, to));
    this.removed.add(from);
    this.lastSaved.delete(from);
    this.saved(to, text);
  }

  private remove(): void {
    const path = this.pick();
    if (!existsSync(join(this.root, path))) return;
    rmSync(join(this.root, path));
    this.counts.deletes++;
    this.removed.add(path);
    this.lastSaved.delete(path);
  }

  private async remotePut(path: string): Promise<void> {
    const content = this.text();
    const answer = await this.call("PUT", `fs/file?path=/${path}`, { content, contentType: "text/markdown" });
    if (answer.status !== 202) throw new Error(`remote write: ${answer.status} ${await answer.text()}`);
    this.counts.remoteWrites++;
    raise(this.made, `${path}\0${sha256(content)}`);
  }

  private async remoteRemove(): Promise<void> {
    const path = this.pick();
    this.remoteDeletes.add(path);
    await (await this.call("DELETE", `fs/file?path=/${path}`)).arrayBuffer();
  }

  private call(method: string, path: string, body?: unknown): Promise<Response> {
    const { stack } = this.options;
    return stack.fetch(
      new Request(`${stack.fileApiUrl}/v1/workspaces/${stack.workspaceId}/${path}`, {
        method,
        headers: {
          Authorization: `Bearer ${this.token}`,
          "X-Correlation-Id": crypto.randomUUID(),
          "If-Match": "*",
          "Content-Type": "application/json",
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    );
  }

  /** Waits until mirror and server hold the same and the daemon says that nothing waits. */
  private async agree(): Promise<void> {
    const { clock } = this.options;
    const startedMs = clock.monotonicMs();
    for (;;) {
      const difference = await this.difference();
      const tookMs = clock.monotonicMs() - startedMs;
      if (difference === null) {
        this.counts.slowestMs = Math.max(this.counts.slowestMs, tookMs);
        return;
      }
      if (tookMs > AGREE_MS_MAX) throw new Error(`no agreement after ${AGREE_MS_MAX} ms: ${difference}`);
      await clock.sleep(50);
    }
  }

  private async difference(): Promise<string | null> {
    const state = this.publicState();
    if (state?.pendingWriteback !== 0 || state?.bootstrapComplete !== true)
      return `state ${JSON.stringify(state?.verdictReason)}`;
    const there = new Map<string, string>();
    let after = "";
    for (;;) {
      const query = `fs/tree?path=/&depth=100${after}`;
      const page = (await (await this.call("GET", query)).json()) as {
        entries: { path: string; type: string; contentHash: string }[];
        nextCursor: string | null;
      };
      for (const entry of page.entries)
        if (entry.type === "file") there.set(entry.path.slice(1), entry.contentHash);
      if (page.nextCursor === null) break;
      after = `&cursor=${encodeURIComponent(page.nextCursor)}`;
    }
    const here = new Map(filesBelow(this.root).map((path) => [path, hashOf(join(this.root, path))]));
    for (const path of new Set([...here.keys(), ...there.keys()]))
      if (here.get(path) !== there.get(path))
        return `${path} is ${here.get(path)?.slice(0, 8) ?? "absent"} here and ${there.get(path)?.slice(0, 8) ?? "absent"} there`;
    await this.readEvents();
    return null;
  }

  // biome-ignore lint/suspicious/noExplicitAny: a few fields of a document written by another process.
  private publicState(): any {
    try {
      return JSON.parse(readFileSync(join(this.root, ".relay", "state.json"), "utf8"));
    } catch {
      // Not written yet.
      return null;
    }
  }

  /** What the server took since the last look. */
  private async readEvents(): Promise<void> {
    for (;;) {
      const after = this.cursor === null ? "" : `&cursor=${this.cursor}`;
      const page = (await (await this.call("GET", `fs/events?limit=1000${after}`)).json()) as {
        events: { eventId: string; type: string; path: string; contentHash?: string; origin?: string }[];
        nextCursor: string | null;
      };
      for (const { eventId, type, path, contentHash } of page.events) {
        this.cursor = eventId;
        const rel = path.slice(1);
        if (type === "file.deleted") {
          if (rel.startsWith("w/") && !this.removed.has(rel) && !this.remoteDeletes.has(rel))
            throw new Error(`${path} was deleted on the server and nobody removed it`);
        } else if (contentHash !== undefined) {
          this.everStored.add(contentHash);
          raise(this.applied, `${rel}\0${contentHash}`);
        }
      }
      if (page.nextCursor === null) return;
    }
  }

  private check(): void {
    if (!lstatSync(this.root).isDirectory()) throw new Error("the root is gone");
    const kept = new Set<string>();
    const area = join(this.root, ".relay");
    for (const path of filesBelow(area)) kept.add(hashOf(join(area, path)));
    for (const folder of ["outbox/pending", "outbox/failed"]) {
      for (const name of filesBelow(join(area, folder))) kept.add(recordHash(join(area, folder, name)));
    }
    for (const [path, text] of this.lastSaved) {
      const hash = sha256(text);
      if (this.everStored.has(hash) || kept.has(hash)) continue;
      throw new Error(`a save of ${path} is lost: ${JSON.stringify(text.slice(0, 30))}`);
    }
    for (const [key, times] of this.applied) {
      const made = this.made.get(key) ?? 0;
      if (made > 0 && times > made)
        throw new Error(`${key.split("\0")[0]}: one save took effect ${times} times`);
    }
  }
}

function raise(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** Files below a directory, relative to it; the daemon's own and an editor's staging files left out. */
function filesBelow(directory: string): string[] {
  if (!existsSync(directory)) return [];
  const found: string[] = [];
  const walk = (rel: string) => {
    for (const entry of readdirSync(join(directory, rel), { withFileTypes: true })) {
      if (entry.name.startsWith(".relay") || entry.name.endsWith(".tmp-save")) continue;
      const path = rel === "" ? entry.name : `${rel}/${entry.name}`;
      if (entry.isDirectory()) walk(path);
      else found.push(path);
    }
  };
  walk("");
  return found;
}

function hashOf(file: string): string {
  try {
    return sha256(readFileSync(file));
  } catch {
    // Replaced this very moment: it will be looked at again.
    return "";
  }
}

function recordHash(file: string): string {
  try {
    return (JSON.parse(readFileSync(file, "utf8")) as { hash: string }).hash;
  } catch {
    // Not a record.
    return "";
  }
}
