/** A mount on the real disk against a hostile server or in a hostile directory: time is simulated, everything else is real. */
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf, RelayfileError } from "../../lib/errors.ts";
import { type MountConfig, mountConfig } from "../../lib/mount/config.ts";
import { type OnceReport, runOnce } from "../../lib/mount/once.ts";
import { openMount } from "../../lib/mount/open.ts";
import type { MountWorld } from "../../lib/mount/world.ts";
import { bunMountWorld } from "../../lib/runtime/bun/mount-world.ts";
import { bunPorts, SILENT_LOG } from "../../lib/runtime/bun/ports.ts";
import { FakeFileApi } from "./fake-file-api.ts";
import { SimClock } from "./sim-clock.ts";
import { tempDir } from "./temp-dir.ts";

/** Between audits; `later` lets it pass. */
const AUDIT_MS = 600_000;

/** How a pass ended: its report, or the typed failure that refused it. */
export type PassEnd = { readonly report: OnceReport } | { readonly refused: RelayfileError };

/** A mount in a temporary directory with a neighbour that nobody may touch. */
export class HostileRig {
  private readonly dir = tempDir("relayfile-hostile-");
  readonly api: FakeFileApi;
  /** Everything but the mirror: a home with files of its own. */
  readonly home = this.dir.join("home");
  readonly outside = this.dir.join("outside");
  readonly root = join(this.home, "mirror");
  readonly stateDir = join(this.home, ".relayfile-mount-state");
  private readonly clock = new SimClock(Date.now());
  private readonly world: MountWorld;
  private readonly config: MountConfig;
  private readonly before: string;

  constructor() {
    for (const path of [this.root, this.outside]) mkdirSync(path, { recursive: true });
    writeFileSync(join(this.outside, "canary.md"), "untouched\n");
    writeFileSync(join(this.home, "notes.md"), "private\n");
    this.api = new FakeFileApi(() => this.clock.now());
    const ports = bunPorts({ env: {} });
    this.world = {
      ...bunMountWorld({ ...ports, host: { ...ports.host, env: {}, homeDir: this.home } }),
      clock: this.clock,
      log: SILENT_LOG,
      fetch: async (request) => {
        this.clock.busy++;
        try {
          return await this.api.fetch(request);
        } finally {
          this.clock.busy--;
        }
      },
    };
    this.config = mountConfig(
      {
        workspaceId: "rw_abcd1234",
        localRoot: this.root,
        remoteRoot: "/",
        server: "http://file.test",
        stateDir: this.stateDir,
        scopes: null,
      },
      { websocket: false, fullPullMinIntervalMs: AUDIT_MS },
      {},
      SILENT_LOG,
    );
    this.before = this.neighbours();
  }

  [Symbol.dispose](): void {
    this.dir.remove();
  }

  /** One pass as `mount --once` makes it. Anything but a typed refusal is a fault and throws. */
  async pass(): Promise<PassEnd> {
    const { world, config } = this;
    try {
      const target = {
        service: "file-api" as const,
        baseUrl: "http://file.test",
        token: () => "header.e30.sig",
        fetch: world.fetch,
        random: world.random,
      };
      const mount = openMount(world, config, target);
      try {
        return { report: await this.clock.drive(runOnce(mount.engine, new AbortController().signal)) };
      } finally {
        mount.close();
      }
    } catch (error) {
      if (error instanceof RelayfileError) return { refused: error };
      throw new Error(`not a typed failure: ${messageOf(error)}`, { cause: error });
    }
  }

  /** Lets waiting times of a trouble pass. */
  later(ms = 31 * 60_000): Promise<void> {
    return this.clock.advance(ms);
  }

  /** Directory of the mount's private state, relative to home. */
  privateState(): string {
    const [name = ""] = readdirSync(this.stateDir).filter((one) => one !== "quarantine");
    return join(this.stateDir, name).slice(this.home.length + 1);
  }

  /** Name of the one pending outbox record. */
  pendingName(): string {
    const directory = join(this.root, ".relay", "outbox", "pending");
    return readdirSync(directory).find((name) => name.endsWith(".json")) ?? "x.json";
  }

  /** What changed outside the mirror; empty when nothing did. */
  escaped(): string {
    const now = this.neighbours();
    return now === this.before ? "" : now;
  }

  /** Text of a file below the mirror; null when there is none. */
  local(rel: string): string | null {
    try {
      return readFileSync(join(this.root, rel), "utf8");
    } catch {
      // Absent, or not a file.
      return null;
    }
  }

  save(rel: string, text: string): void {
    const path = join(this.root, rel);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, text);
  }

  /** True when a text is in the mirror, on the server, or kept in the runtime area. */
  keeps(text: string): boolean {
    const onServer = [...this.api.texts.values()].some((versions) => versions.includes(text));
    return (
      onServer ||
      tree(this.root).some((line) => line.content.includes(text) || line.content.includes(escaped(text)))
    );
  }

  /** The verdict of the public state, or null when it cannot be read. */
  verdict(): string | null {
    const text = this.local(".relay/state.json");
    try {
      return (JSON.parse(text ?? "null") as { verdict?: string } | null)?.verdict ?? null;
    } catch {
      // Damaged on purpose.
      return null;
    }
  }

  private neighbours(): string {
    const ours = [this.root, this.stateDir, join(this.home, ".cache")];
    return tree(this.dir.path, ours)
      .map(({ path, content }) => `${path} ${content}`)
      .join("\n");
  }
}

/** Every entry below a directory with its content, sorted; links are not followed. */
function tree(directory: string, leaveOut: readonly string[] = []): { path: string; content: string }[] {
  return readdirSync(directory)
    .sort()
    .flatMap((name) => {
      const path = join(directory, name);
      if (leaveOut.includes(path)) return [];
      const stat = lstatSync(path);
      if (stat.isDirectory()) return [{ path, content: "directory" }, ...tree(path, leaveOut)];
      if (stat.isSymbolicLink()) return [{ path, content: `-> ${readlinkSync(path)}` }];
      return [{ path, content: stat.isFile() ? readFileSync(path, "utf8") : "other" }];
    });
}

function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
