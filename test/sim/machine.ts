/** One machine in simulation: its disk, the daemon on it, and the person at it with everything they saved, saw and removed. */
import type { Random } from "../../lib/ports.ts";
import { sha256 } from "../../lib/runtime/bun/mount-world.ts";
import type { FakeFileApi } from "../support/fake-file-api.ts";
import { MountRig } from "../support/mount-rig.ts";
import type { SimClock } from "../support/sim-clock.ts";
import { ask } from "./ask.ts";
import { Life, REFUSED, type Surroundings } from "./life.ts";
import type { Network } from "./network.ts";
import type { Action, Climate, DiskFault } from "./script.ts";

/** What is now a file, now a directory. */
export const SWAPPED = "swapped";

/** What a machine is built on. */
export interface MachineContext {
  readonly index: number;
  readonly seed: number;
  readonly climate: Climate;
  readonly api: FakeFileApi;
  readonly clock: SimClock;
  readonly network: Network;
  readonly random: Random;
  readonly count: (kind: string) => void;
}

/** A machine. */
export class Machine {
  readonly rig: MountRig;
  /** The last bytes the person saved at a path and did not remove again. */
  readonly lastSaved = new Map<string, string>();
  /** The lines of them that were not there before. */
  readonly written = new Map<string, readonly string[]>();
  /** Every text the person had before their eyes at a path: what an upload may replace. */
  readonly seen = new Map<string, Set<string>>();
  /** How often the person put each content at a path, by hash. */
  readonly saved = new Map<string, Map<string, number>>();
  /** Paths the person removed or moved away at some time. */
  readonly removed = new Set<string>();
  /** Files nobody touches that have arrived, until one vanishes. */
  readonly arrived = new Set<string>();
  life: Life | null = null;
  private disk: { code: DiskFault; failing: number } = { code: "ENOSPC", failing: 0 };
  private watchRefused = false;
  private armed: ((life: Life) => void) | null = null;
  private readonly around: Surroundings;

  constructor(private readonly context: MachineContext) {
    const { index, seed, climate, api, clock, network } = context;
    this.rig = new MountRig({
      seed: seed + index * 7_919,
      api,
      clock,
      powerFails: climate.power,
      flags: { fullPullMinIntervalMs: climate.auditMs, websocket: climate.websocket },
    });
    this.around = {
      rig: this.rig,
      network,
      machine: index,
      diskFault: (operation) => this.diskFault(operation),
      mayWatch: () => !this.watchRefused,
    };
  }

  /** Starts the daemon unless it runs. A machine in trouble may fail to. */
  start(): void {
    if (this.life?.alive && !this.life.ended) return;
    this.life?.kill();
    try {
      const { armed } = this;
      this.armed = null;
      this.life = new Life(this.around, (life) => armed?.(life));
    } catch {
      this.context.count("failed start");
      this.life = null;
    }
  }

  /** A kill that did not happen does not happen any more. */
  disarm(): void {
    this.armed = null;
    this.life?.disarm();
  }

  /** The sun comes out: disk and watcher work again. */
  heal(): void {
    this.disk = { ...this.disk, failing: 0 };
    this.watchRefused = false;
  }

  /** Does one step of a script here. */
  async perform(action: Action): Promise<void> {
    const { rig, life, context } = this;
    switch (action.kind) {
      case "intrude":
        life?.beforeChange(action.beforeOp, () => {
          context.count("intrusion");
          this.perform({ ...action, kind: "save" });
        });
        return;
      case "disk":
        this.disk = action;
        return;
      case "overflow":
        context.count("watcher overflow");
        life?.overflow(action.ms);
        return;
      case "vague":
        context.count("vague watcher event");
        life?.vague();
        return;
      case "no-watch":
        if (action.refused) context.count("watcher refused");
        this.watchRefused = action.refused;
        return;
      case "crash":
        life?.crashAfter(action.afterOps, () => context.count("crash"));
        await rig.clock.advance(50);
        life?.kill();
        this.life = null;
        return;
      case "power":
        life?.crashAfter(action.afterOps, () => context.count("crash"));
        await rig.clock.advance(50);
        this.cutPower();
        return;
      case "arm":
        this.armed = (one) =>
          one.crashAtStep(action.afterOps, () => {
            context.count("kill point");
            if (action.power) this.cutPower();
          });
        if (life?.alive) this.armed(life);
        if (life?.alive) this.armed = null;
        return;
      case "ask":
        // Whoever asks for a version to be kept, or to be sent again, has looked at what is there.
        this.look(action.path ?? "");
        if (action.what === "retry" || action.what === "keep-local")
          this.remember(action.path ?? "", this.lastSaved.get(action.path ?? "") ?? "");
        if (life?.alive)
          await rig.clock.drive(ask(life.engine, action.what, action.path ?? "")).catch(() => undefined);
        return;
      case "stop":
        await life?.stop();
        this.life = null;
        return;
      case "start":
        this.start();
        return;
      default:
        this.touch(action);
    }
  }

  private cutPower(): void {
    this.context.count("power cut");
    this.life?.kill();
    this.life = null;
    this.rig.cutPower(this.context.random);
  }

  /** What the person, or nobody, does to a file. */
  private touch(action: Action): void {
    const { fs, root } = this.rig;
    const at = (rel: string) => `${root}/${rel}`;
    switch (action.kind) {
      case "save":
        this.user(() => fs.save(at(action.path), action.text), action.path, action.text);
        return;
      case "append": {
        const text = (fs.text(at(action.path)) ?? "") + action.text;
        this.user(() => fs.save(at(action.path), text), action.path, text);
        return;
      }
      case "atomic-save": {
        const slash = action.path.lastIndexOf("/") + 1;
        const staging = at(`${action.path.slice(0, slash)}.${action.path.slice(slash)}.tmp-7`);
        const save = () => {
          fs.save(staging, action.text);
          fs.rename(staging, at(action.path));
        };
        this.user(save, action.path, action.text);
        return;
      }
      case "remove":
        if (fs.text(at(action.path)) === null) return;
        this.removed.add(action.path);
        this.user(() => fs.unlink(at(action.path)), action.path, null);
        return;
      case "move": {
        const text = fs.text(at(action.path));
        if (text === null || action.path === action.to) return;
        fs.makeDir(at(action.to).replace(/\/[^/]*$/, ""));
        this.move(action.path, action.to, text, () => fs.rename(at(action.path), at(action.to)));
        return;
      }
      case "remove-tree":
        this.removeTree(action.path);
        return;
      case "swap": {
        const wasFile = fs.text(at(SWAPPED)) !== null;
        const now = wasFile ? `${SWAPPED}/in.md` : SWAPPED;
        if (wasFile) {
          this.removed.add(SWAPPED);
          this.user(() => fs.unlink(at(SWAPPED)), SWAPPED, null);
        } else this.removeTree(SWAPPED);
        this.user(() => fs.save(at(now), action.text), now, action.text);
        return;
      }
      case "move-tree": {
        const taken = fs.lstat(at(action.to)) !== null;
        if (taken || fs.lstat(at(action.path))?.kind !== "directory") return;
        for (const path of this.below(action.path)) {
          const to = action.to + path.slice(action.path.length);
          this.move(path, to, fs.text(at(path)) ?? "", () => undefined);
        }
        fs.rename(at(action.path), at(action.to));
        fs.settle();
        return;
      }
      case "vanish":
        if (this.life?.alive || fs.text(at(action.path)) === null) return;
        this.context.count("vanished file");
        this.arrived.delete(action.path);
        this.user(() => fs.unlink(at(action.path)), action.path, null);
        return;
      default:
        return;
    }
  }

  private removeTree(directory: string): void {
    const { fs, root } = this.rig;
    for (const path of this.below(directory)) {
      this.removed.add(path);
      this.user(() => fs.unlink(`${root}/${path}`), path, null);
    }
    fs.removeTree(`${root}/${directory}`);
    fs.settle();
  }

  private below(directory: string): string[] {
    return this.rig.fs.files(`${this.rig.root}/${directory}`).map((rel) => `${directory}/${rel}`);
  }

  private move(path: string, to: string, text: string, work: () => void): void {
    this.removed.add(path);
    this.look(to);
    this.write(to, text);
    this.remember(to, text);
    this.user(work, path, null);
    this.lastSaved.set(to, text);
  }

  /** What a person does never meets the faults of the daemon's disk, and survives a power cut. */
  private user(work: () => void, path: string, text: string | null): void {
    this.look(path);
    this.write(path, text ?? "");
    work();
    this.rig.fs.settle();
    if (text === null) this.lastSaved.delete(path);
    else {
      this.remember(path, text);
      this.lastSaved.set(path, text);
    }
  }

  /** Notes the lines of a text that a person changed: those hold a blank or a `#`. */
  private write(path: string, text: string): void {
    const before = new Set(this.rig.local(path)?.split("\n"));
    this.written.set(
      path,
      text.split("\n").filter((line) => /[ #]/.test(line) && !before.has(line)),
    );
  }

  /** What a person sees at a path right now counts as seen. */
  private look(path: string): void {
    const text = this.rig.local(path);
    if (text === null) return;
    const texts = this.seen.get(path) ?? new Set();
    this.seen.set(path, texts.add(text));
  }

  private remember(path: string, text: string): void {
    const counts = this.saved.get(path) ?? new Map<string, number>();
    const hash = sha256(text);
    this.saved.set(path, counts.set(hash, (counts.get(hash) ?? 0) + 1));
  }

  private diskFault(operation: string): DiskFault | null {
    const { code, failing } = this.disk;
    if (failing === 0 || !REFUSED[code].has(operation)) return null;
    if (this.context.random.float() >= failing) return null;
    this.context.count(`disk ${code}`);
    return code;
  }
}
