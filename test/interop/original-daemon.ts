/** The original's mount daemon as its package ships it, on a mirror in a temporary directory. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { eventually } from "../support/deadline.ts";
import type { TestStack } from "../support/stack.ts";
import { tempDir } from "../support/temp-dir.ts";

/** Scopes the original's command line asks for when it mounts. */
export const DAEMON_SCOPES = ["fs:read", "fs:write", "ops:read", "sync:read", "sync:trigger"];

/** The daemon's executable, or null where its package is not for this platform. */
export function daemonBinary(): string | null {
  try {
    const manifest = createRequire(import.meta.url).resolve("@relayfile/mount-linux-x64/package.json");
    const binary = join(dirname(manifest), "bin", "relayfile-mount");
    return existsSync(binary) ? binary : null;
  } catch {
    // The package is an optional one: not being there is an answer.
    return null;
  }
}

/** What the daemon is pointed at. */
export type InteropStack = Pick<TestStack, "fileApiUrl" | "workspaceId" | "mint">;

/** What a mirror is of. */
export interface MirrorOptions {
  readonly remotePath?: string;
  readonly scopes?: readonly string[];
  readonly flags?: readonly string[];
}

/** A mirror that the daemon can be started on again and again. */
export class OriginalMirror implements AsyncDisposable {
  private readonly home = tempDir("relayfile-original-");
  private child: Bun.Subprocess<"ignore", "ignore", "pipe"> | null = null;
  private output = "";

  constructor(
    private readonly stack: InteropStack,
    private readonly options: MirrorOptions = {},
  ) {}

  /** Starts the daemon. */
  async start(): Promise<void> {
    const token = await this.stack.mint(this.options.scopes ?? DAEMON_SCOPES, { agent: "mount" });
    this.child = Bun.spawn(
      [
        daemonBinary() ?? "relayfile-mount",
        ...["--base-url", this.stack.fileApiUrl, "--workspace", this.stack.workspaceId],
        ...["--local-dir", this.home.join("mirror"), "--state-dir", this.home.join("state")],
        ...["--remote-path", this.options.remotePath ?? "/", "--interval", "1s"],
        ...(this.options.flags ?? []),
      ],
      {
        env: { HOME: this.home.path, PATH: process.env.PATH, RELAYFILE_TOKEN: token },
        stdin: "ignore",
        stdout: "ignore",
        stderr: "pipe",
      },
    );
    void this.collect(this.child.stderr);
  }

  /** Ends the daemon with a signal; resolves with its exit code. */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<number> {
    const { child } = this;
    if (child === null) return 0;
    this.child = null;
    child.kill(signal);
    return child.exited;
  }

  /** Freezes or thaws the daemon, so that both sides can change while it looks away. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.child?.kill(signal);
  }

  /** A path below the mirror. */
  path(relative: string): string {
    return this.home.join("mirror", relative);
  }

  /** A file's text; null when there is none. */
  read(relative: string): string | null {
    return existsSync(this.path(relative)) ? readFileSync(this.path(relative), "utf8") : null;
  }

  /** Writes a file as an editor does that replaces content. */
  write(relative: string, content: string): void {
    mkdirSync(dirname(this.path(relative)), { recursive: true });
    writeFileSync(this.path(relative), content);
  }

  /**
   * Saves a probe until the service has it. The daemon starts its watcher after its first cycle, and with a healthy
   * socket it never looks at the disk otherwise: what is saved before that waits for the next save.
   */
  async watches(uploaded: (text: string) => Promise<boolean>): Promise<void> {
    let saves = 0;
    let text = "";
    await this.until("the watcher to upload a probe", async () => {
      if (saves++ % 50 === 0) {
        text = `probe ${saves}\n`;
        this.write("probe.md", text);
      }
      return uploaded(text);
    });
  }

  /**
   * Removes a file until the service has removed it. The event of the daemon's own upload puts a file back that is gone
   * by the time it is heard.
   */
  discards(relative: string, gone: () => Promise<boolean>): Promise<boolean> {
    return this.until(`${relative} gone`, () => {
      rmSync(this.path(relative), { force: true });
      return gone();
    });
  }

  /** Files of the mirror by path, the daemon's own and the digests left out. */
  files(): string[] {
    if (!existsSync(this.path(""))) return [];
    return readdirSync(this.path(""), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.path("").length + 1))
      .filter((path) => !path.startsWith(".relay") && !path.startsWith("digests/"))
      .sort();
  }

  /** Conflict copies the daemon keeps. */
  conflicts(): string[] {
    return this.below(".relay/conflicts").filter((path) => !path.startsWith("resolved"));
  }

  /** Uploads that were not taken yet, or never will be. */
  unsent(): string[] {
    return ["pending", "failed", "attention"].flatMap((state) => this.below(`.relay/outbox/${state}`));
  }

  /** Waits until a file of the mirror has a text; null for no file. */
  async shows(relative: string, content: string | null): Promise<void> {
    await this.until(`${relative} in the mirror`, () => this.read(relative) === content);
  }

  /** As `eventually`, with the daemon's last words when it does not happen. */
  async until<T>(
    what: string,
    look: () => T | Promise<T>,
    done?: (seen: T) => boolean,
    withinMs = 30_000,
  ): Promise<T> {
    try {
      return await eventually(what, look, done, { withinMs, everyMs: 20 });
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${this.output.slice(-3_000)}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
    this.home.remove();
  }

  private below(relative: string): string[] {
    const folder = this.path(relative);
    if (!existsSync(folder)) return [];
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  }

  private async collect(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) this.output += decoder.decode(chunk, { stream: true });
  }
}
