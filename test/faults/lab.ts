/** The fault lab: real stacks behind a misbehaving proxy, and on each a bench where one user's files and mirror can be damaged. */
import { chmodSync, mkdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { CommandContext } from "../../commands/_command.ts";
import { doctor } from "../../commands/doctor.ts";
import { verify } from "../../commands/verify.ts";
import { deliverGithub, floodByProject } from "../../lib/demo/plant.ts";
import { CURRENT_ERA, type Era, MAY_2026_ERA } from "../../lib/model/era.ts";
import { FULL_SCOPES } from "../../lib/model/token.ts";
import type { Ports, TreeChange } from "../../lib/ports.ts";
import { bunPorts } from "../../lib/runtime/bun/ports.ts";
import { type Stack, startStack } from "../../lib/runtime/bun/stack.ts";
import { Report } from "../../verify/report.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import type { Ask, ShapeName } from "./fault.ts";
import { leapingClock } from "./leaping-clock.ts";
import { copyMirror, type MirrorCopy, type RecordedMirror, recordMirror } from "./mirror.ts";
import { type MisbehavingProxy, misbehavingProxy } from "./proxy.ts";

/** What a stack holds before anything is broken. */
interface Shape {
  readonly providers: readonly string[];
  readonly github: boolean;
  readonly era: Era;
}

const SHAPES: Readonly<Record<ShapeName, Shape>> = {
  empty: { providers: [], github: false, era: CURRENT_ERA },
  data: { providers: ["linear", "jira"], github: true, era: CURRENT_ERA },
  six: {
    providers: ["linear", "jira", "confluence", "notion", "slack"],
    github: true,
    era: CURRENT_ERA,
  },
  may2026: { providers: ["linear", "jira"], github: true, era: MAY_2026_ERA },
};

/** Every scope that a healthy token carries. */
export const SCOPES: readonly string[] = [...FULL_SCOPES, "ops:replay"];

/** What one run said, and how long it took. */
export interface Diagnosis {
  readonly report: Report;
  readonly ms: number;
}

/** A user of a stack: a home directory, an environment, a clock, and for some a mirror. Everything here may be damaged. */
export interface Bench extends AsyncDisposable {
  readonly stack: Stack;
  readonly proxy: MisbehavingProxy;
  readonly dir: TempDir;
  /** Variables of the process that asks. */
  readonly env: Readonly<Record<string, string>>;
  /** Sets a variable of that process. */
  set(name: string, value: string): void;
  /** Moves the wall clock of this machine, ms: of whoever asks and of the daemon that stamped the mirror's state. */
  skew(ms: number): void;
  /** An instant of this machine's clock, so many ms ago, as ISO text. */
  ago(ms: number): string;
  readonly mirror: MirrorCopy | null;
  /** The stack's own workspace token, as good as new. */
  readonly token: string;
  /** Writes `~/.relayfile/credentials.json`; what is not given stays healthy. */
  workspaceFile(change?: Record<string, unknown>): void;
  /** Writes `~/.relayfile/cloud-credentials.json`; what is not given stays healthy. */
  cloudFile(change?: Record<string, unknown>): void;
  /** Lets every file name other base URLs, as if the user had signed in and joined there. */
  move(urls: { readonly fileApi?: string; readonly controlPlane?: string }): void;
  /** Undone when the bench is thrown away. */
  onEnd(undo: () => unknown): void;
  /** Any file below the user's home directory; null removes it. */
  homeFile(path: string, text: string | null, mode?: number): void;
  /** Permission bits of a file or directory below the user's home directory. */
  chmod(path: string, mode: number): void;
  /** Sets when such a file was last changed, ms before now. */
  age(path: string, ms: number): void;
  /** Changes the workspace's entry in `~/.relayfile/workspaces.json`. */
  register(change: Record<string, unknown>): void;
  /** A call to the stack with the good token, around the proxy. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  /** Writes a file as an agent does and resolves with the op's id once the op has ended. */
  agentWrite(path: string, body: unknown): Promise<string>;
  /** Changes files behind the API, as a broken emitter of the service would. */
  emit(...changes: TreeChange[]): Promise<void>;
  /** A JSON file of the workspace. */
  read(path: string): Promise<unknown>;
  /** Paths below a directory of the workspace. */
  list(prefix: string): Promise<string[]>;
  /** Syncs Linear until the feed holds so many events below by-project. */
  flood(events: number): Promise<void>;
  /** Delivers a webhook and waits until the digests are written. */
  flush(): Promise<void>;
  /** Asks, with time that leaps over waiting when told so. */
  diagnose(ask: Ask, leaps?: boolean): Promise<Diagnosis>;
}

/** Stacks that are started once and shared by all faults that leave no trace in them. */
export interface Lab extends AsyncDisposable {
  bench(wish: {
    readonly shape: ShapeName;
    readonly ownStack: boolean;
    readonly mirror: boolean;
  }): Promise<Bench>;
}

/** An empty lab; stacks are started when they are first asked for. */
export function openLab(): Lab {
  const shared = new Map<string, Promise<Site>>();
  return {
    async bench({ shape, ownStack, mirror }) {
      if (ownStack) {
        const site = await openSite(SHAPES[shape], mirror);
        return openBench(site, mirror, () => site.close());
      }
      const key = `${shape}${mirror ? "+mirror" : ""}`;
      const known = shared.get(key) ?? openSite(SHAPES[shape], mirror);
      shared.set(key, known);
      return openBench(await known, mirror, async () => {});
    },
    async [Symbol.asyncDispose]() {
      for (const site of shared.values()) await (await site).close();
    },
  };
}

/** One stack with its proxy and, for some, the mirror that benches copy. */
interface Site {
  readonly stack: Stack;
  readonly proxy: MisbehavingProxy;
  readonly mirror: RecordedMirror | null;
  close(): Promise<void>;
}

async function openSite(shape: Shape, withMirror: boolean): Promise<Site> {
  const dir = tempDir("relayfile-lab-");
  const ports = bunPorts({ env: {}, cwd: dir.path });
  const stack = await startStack({
    dataDir: dir.join("data"),
    ports,
    providers: shape.providers,
    era: shape.era,
  });
  const plant = plantTarget(stack, ports, await stack.mint(SCOPES));
  if (shape.github) await deliverGithub(plant);
  const proxy = misbehavingProxy(stack.fileApiUrl);
  const mirror = withMirror ? await recordMirror(stack, dir) : null;
  const close = async () => {
    await proxy.stop();
    await stack.stop();
    dir.remove();
  };
  return { stack, proxy, mirror, close };
}

async function openBench(site: Site, withMirror: boolean, close: () => Promise<void>): Promise<Bench> {
  const { stack, proxy } = site;
  const dir = tempDir("relayfile-bench-");
  const home = dir.join("home");
  const env: Record<string, string> = { HOME: home, PATH: "/usr/bin:/bin" };
  const token = await stack.mint(SCOPES);
  const pair = await stack.cloudSession();
  const homeFile = (path: string, text: string | null, mode = 0o600) => {
    const file = `${home}/${path}`;
    if (text === null) return rmSync(file, { force: true });
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, text, { mode });
    chmodSync(file, mode);
  };
  const workspaceFile = (change: Record<string, unknown> = {}) =>
    homeFile(
      ".relayfile/credentials.json",
      JSON.stringify({ server: proxy.fileApiUrl, token, updatedAt: new Date().toISOString(), ...change }),
    );
  const cloudFile = (change: Record<string, unknown> = {}) =>
    homeFile(
      ".relayfile/cloud-credentials.json",
      JSON.stringify({
        apiUrl: proxy.controlPlaneUrl,
        accessToken: pair.accessToken,
        refreshToken: pair.refreshToken,
        accessTokenExpiresAt: new Date(pair.accessExpiresAtMs).toISOString(),
        refreshTokenExpiresAt: new Date(pair.refreshExpiresAtMs).toISOString(),
        updatedAt: new Date().toISOString(),
        ...change,
      }),
    );
  const mirror = withMirror && site.mirror !== null ? copyMirror(site.mirror, dir, stack) : null;
  const register: Bench["register"] = (change) => {
    const entry = {
      name: stack.workspaceName,
      createdAt: new Date().toISOString(),
      id: stack.cloudWorkspaceId,
      relayWorkspaceId: stack.workspaceId,
      server: proxy.fileApiUrl,
      cloudApiUrl: proxy.controlPlaneUrl,
      remotePaths: ["/"],
      ...(mirror === null ? {} : { localDir: mirror.root }),
      ...change,
    };
    const registry = { default: stack.workspaceName, workspaces: [entry] };
    homeFile(".relayfile/workspaces.json", JSON.stringify(registry));
  };
  const move: Bench["move"] = ({ fileApi = proxy.fileApiUrl, controlPlane = proxy.controlPlaneUrl }) => {
    workspaceFile({ server: fileApi });
    cloudFile({ apiUrl: controlPlane });
    register({ server: fileApi, cloudApiUrl: controlPlane });
  };
  move({});
  const undos: (() => unknown)[] = [];
  const call: Bench["call"] = (method, path, body, headers = {}) =>
    stack.fetch(
      new Request(`${path.startsWith("/api/") ? stack.controlPlaneUrl : stack.fileApiUrl}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          "x-correlation-id": "lab",
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        body: body === undefined ? null : JSON.stringify(body),
      }),
    );
  const workspacePath = `/v1/workspaces/${stack.workspaceId}`;
  let skewMs = 0;
  const bench: Bench = {
    stack,
    proxy,
    dir,
    env,
    set: (name, value) => {
      env[name] = value;
    },
    skew: (ms) => {
      skewMs = ms;
      mirror?.touch(bench.ago(0));
    },
    ago: (ms) => new Date(Date.now() + skewMs - ms).toISOString(),
    mirror,
    token,
    homeFile,
    workspaceFile,
    cloudFile,
    move,
    register,
    age(path, ms) {
      const at = new Date(Date.now() - ms);
      utimesSync(`${home}/${path}`, at, at);
    },
    chmod: (path, mode) => chmodSync(`${home}/${path}`, mode),
    onEnd: (undo) => void undos.push(undo),
    call,
    async agentWrite(path, body) {
      const route = `${workspacePath}/fs/file?path=${encodeURIComponent(path)}`;
      const known = await call("GET", route);
      const revision = known.ok ? ((await known.json()) as { revision: string }).revision : "0";
      const content = typeof body === "string" ? body : JSON.stringify(body);
      const answer = await call(
        "PUT",
        route,
        { content, contentType: "application/json" },
        { "if-match": revision },
      );
      const { opId } = (await answer.json()) as { opId?: string };
      if (opId === undefined) throw new Error(`the write to ${path} was answered ${answer.status}`);
      const ended = async () => {
        const op = (await (await call("GET", `${workspacePath}/ops/${opId}`)).json()) as { status: string };
        return op.status !== "pending" && op.status !== "running";
      };
      for (let tries = 0; !(await ended()); tries++) {
        if (tries > 400) throw new Error(`op ${opId} of ${path} does not end`);
        await Bun.sleep(10);
      }
      return opId;
    },
    async emit(...changes) {
      const { tree } = await stack.workspace();
      await tree.apply(changes, { origin: "provider_sync", correlationId: "lab" });
    },
    async read(path) {
      const file = await (await stack.workspace()).tree.read(path);
      return file === null ? null : JSON.parse(new TextDecoder().decode(file.bytes));
    },
    async list(prefix) {
      return (await (await stack.workspace()).tree.list(prefix)).map((file) => file.path);
    },
    async flood(events) {
      await floodByProject(plantTarget(stack, bunPorts({ env: {} }), token), events);
    },
    async flush() {
      await deliverGithub(plantTarget(stack, bunPorts({ env: {} }), token));
    },
    async diagnose(ask, leaps = false) {
      const real = bunPorts({ env, cwd: dir.path });
      const clock = leapingClock(real.clock, { skewMs, leaps });
      const ports: Ports = { ...real, clock, fetch: clock.watched(real.fetch) };
      proxy.hold = clock.hold;
      const context: CommandContext = {
        ports,
        globals: { json: true, quiet: true, verbosity: 0, color: false, input: false, timeoutMs: null },
        signal: new AbortController().signal,
        ready() {},
        write() {},
      };
      const startedMs = performance.now();
      const { what, provider, refresh, args = {} } = ask;
      try {
        const { document } =
          what === "doctor"
            ? await doctor(args, context)
            : await verify({ ...args, what, provider, refresh }, context);
        return { report: Report.parse(document), ms: performance.now() - startedMs };
      } finally {
        clock.stop();
      }
    },
    async [Symbol.asyncDispose]() {
      proxy.rules.length = 0;
      for (const undo of undos.reverse()) await undo();
      await close();
      dir.remove();
    },
  };
  return bench;
}

/** The stack as the functions that plant traffic take it. */
function plantTarget(stack: Stack, ports: Ports, token: string) {
  return { ...stack, ...ports, token: () => token, signal: new AbortController().signal };
}
