/** Opens workspaces of a data directory when they are first asked for, and runs their due work at its time. */
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fail, messageOf } from "../../errors.ts";
import type { Clock, Log, Random } from "../../ports.ts";
import type { Pipeline } from "../../service/pipeline.ts";
import { WorkspaceObject } from "../../service/workspace-object.ts";
import { diskBodyStore } from "./body-store.ts";
import { openDatabase } from "./sqlite.ts";

/** What a host needs. */
export interface WorkspaceHostOptions {
  readonly directory: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly pipeline: Pipeline;
  /** True for workspaces that exist. */
  exists(relayId: string): boolean;
}

/** The workspaces of one data directory. */
export class WorkspaceHost {
  private readonly open = new Map<string, Promise<WorkspaceObject>>();
  private readonly timers = new Map<string, { atMs: number; cancel: () => void }>();
  /** Ids are never given out again, so these stay. */
  private readonly destroying = new Set<string>();
  private stopping = false;

  constructor(private readonly options: WorkspaceHostOptions) {
    mkdirSync(join(options.directory, "workspaces"), { recursive: true, mode: 0o700 });
    mkdirSync(join(options.directory, "bodies"), { recursive: true, mode: 0o700 });
  }

  /** The workspace, or null when it does not exist. */
  async workspace(relayId: string): Promise<WorkspaceObject | null> {
    if (this.destroying.has(relayId)) return null;
    const known = this.open.get(relayId);
    if (known !== undefined) return known;
    // A stopping service must not look like one without this workspace: mirrors would draw conclusions.
    if (this.stopping) fail("unavailable", "the service is stopping");
    if (!this.options.exists(relayId)) return null;
    const opening = this.openWorkspace(relayId);
    this.open.set(relayId, opening);
    opening.catch(() => this.open.delete(relayId));
    return opening;
  }

  /** Runs due work of every open workspace now. */
  async runDue(now: number): Promise<void> {
    await Promise.all([...this.open.keys()].map((relayId) => this.run(relayId, now)));
  }

  /** Removes a workspace with its rows and bodies. */
  async destroy(relayId: string): Promise<void> {
    const open = this.open.get(relayId);
    this.destroying.add(relayId);
    this.open.delete(relayId);
    this.cancelTimer(relayId);
    await (await open)?.close();
    for (const suffix of ["", "-wal", "-shm"]) rmSync(this.fileOf(relayId) + suffix, { force: true });
    rmSync(join(this.options.directory, "bodies", relayId), { recursive: true, force: true });
  }

  /** Writes what is behind and closes everything. */
  async close(): Promise<void> {
    this.stopping = true;
    for (const relayId of [...this.timers.keys()]) this.cancelTimer(relayId);
    const open = [...this.open.values()];
    this.open.clear();
    for (const workspace of open) await (await workspace).close();
  }

  private async openWorkspace(relayId: string): Promise<WorkspaceObject> {
    const { clock, random, log, pipeline, directory } = this.options;
    const fresh = !existsSync(this.fileOf(relayId));
    const workspace = await WorkspaceObject.open(relayId, {
      db: openDatabase(this.fileOf(relayId)),
      bodies: diskBodyStore(join(directory, "bodies", relayId)),
      clock,
      random,
      log,
      sha256: (bytes) => new Bun.CryptoHasher("sha256").update(bytes).digest("hex"),
      pipeline,
      wake: (atMs) => this.wake(relayId, atMs),
    });
    // What the last run of the process left undone is due now.
    if (!fresh) this.wake(relayId, clock.now());
    return workspace;
  }

  /** Only the earliest wish counts; the run itself tells when the next one is due. */
  private wake(relayId: string, atMs: number): void {
    if (this.stopping) return;
    const set = this.timers.get(relayId);
    if (set !== undefined && set.atMs <= atMs) return;
    set?.cancel();
    const delayMs = Math.max(0, atMs - this.options.clock.now());
    const cancel = this.options.clock.after(Math.min(delayMs, 2 ** 31 - 1), () => {
      this.timers.delete(relayId);
      void this.run(relayId, this.options.clock.now());
    });
    this.timers.set(relayId, { atMs, cancel });
  }

  private async run(relayId: string, now: number): Promise<void> {
    try {
      const workspace = await this.open.get(relayId);
      const next = (await workspace?.runDue(now)) ?? null;
      if (next !== null) this.wake(relayId, Math.max(next, this.options.clock.now() + 1));
    } catch (thrown) {
      this.options.log.error("due work failed", { workspace: relayId, error: messageOf(thrown) });
      this.wake(relayId, this.options.clock.now() + 5_000);
    }
  }

  private cancelTimer(relayId: string): void {
    this.timers.get(relayId)?.cancel();
    this.timers.delete(relayId);
  }

  private fileOf(relayId: string): string {
    return join(this.options.directory, "workspaces", `${relayId}.db`);
  }
}
