/** A real stack in a temporary directory, and the report commands pointed at it the way a user would point them. */
import { readFileSync } from "node:fs";
import type { CommandContext } from "../../commands/_command.ts";
import type { ReportArgs } from "../../commands/_report.ts";
import { doctor } from "../../commands/doctor.ts";
import { type VerifyArgs, verify } from "../../commands/verify.ts";
import { type DemoMirror, startMirror } from "../../lib/demo/mirror.ts";
import { deliverGithub, floodByProject } from "../../lib/demo/plant.ts";
import type { Era } from "../../lib/model/era.ts";
import type { Fetch, Ports } from "../../lib/ports.ts";
import { bunMountWorld } from "../../lib/runtime/bun/mount-world.ts";
import { bunPorts } from "../../lib/runtime/bun/ports.ts";
import { type Stack, startStack } from "../../lib/runtime/bun/stack.ts";
import { Report } from "../../verify/report.ts";
import { tempDir } from "./temp-dir.ts";

/** What to start. */
export interface RigOptions {
  readonly providers?: readonly string[];
  readonly era?: Era;
  readonly env?: Readonly<Record<string, string>>;
  /** Replaces the way probes reach the network; the stack itself keeps the real one. */
  readonly wrapFetch?: (real: Fetch) => Fetch;
}

/** A running stack and the commands. */
export interface ReportRig extends AsyncDisposable {
  readonly stack: Stack;
  readonly ports: Ports;
  readonly directory: string;
  doctor(args?: ReportArgs): Promise<Report>;
  verify(
    what: VerifyArgs["what"],
    args?: ReportArgs & { provider?: string; refresh?: boolean },
  ): Promise<Report>;
  ingestGithub(): Promise<number>;
  flood(events: number): Promise<number>;
  mount(): Promise<DemoMirror>;
  token(): string;
  context(over?: Partial<CommandContext>): CommandContext;
}

/** Starts a stack; every report it makes is checked against the published schema. */
export async function reportRig(options: RigOptions = {}): Promise<ReportRig> {
  const dir = tempDir("relayfile-report-");
  const env = {
    HOME: dir.path,
    RELAYFILE_HOME: dir.join("home"),
    PATH: process.env.PATH ?? "",
    ...options.env,
  };
  const real = bunPorts({ env, cwd: dir.path });
  const stack = await startStack({
    dataDir: dir.join("home"),
    ports: real,
    providers: options.providers,
    era: options.era,
  });
  const ports: Ports = { ...real, fetch: options.wrapFetch?.(real.fetch) ?? real.fetch };
  const stops: (() => Promise<void>)[] = [];
  const context = (over: Partial<CommandContext> = {}): CommandContext => ({
    ports,
    // The whole report; without -v what no finding cites is told by its number.
    globals: { json: true, quiet: true, verbosity: 1, color: false, input: false, timeoutMs: null },
    signal: new AbortController().signal,
    ready() {},
    write() {},
    ...over,
  });
  const token = () => (JSON.parse(readFileSync(stack.tokenFile, "utf8")) as { token: string }).token;
  const target = { ...stack, token, ...real, signal: new AbortController().signal };
  return {
    stack,
    ports,
    directory: dir.path,
    context,
    token,
    doctor: async (args = {}) => Report.parse((await doctor(args, context())).document),
    verify: async (what, args = {}) => Report.parse((await verify({ ...args, what }, context())).document),
    ingestGithub: () => deliverGithub(target),
    flood: (events) => floodByProject(target, events),
    mount: async () => {
      const mirror = await startMirror({
        ...stack,
        world: bunMountWorld(real),
        server: stack.fileApiUrl,
        localRoot: dir.join("mirror"),
        stateDir: dir.join("mount-state"),
        token,
      });
      stops.push(() => mirror.stop());
      return mirror;
    },
    async [Symbol.asyncDispose]() {
      for (const stop of stops.reverse()) await stop();
      await stack.stop();
      dir.remove();
    },
  };
}

/** The root causes of a report with their findings. */
export function rootFindings(report: Report): Report["findings"] {
  return report.rootCauses.flatMap((id) => report.findings.find((finding) => finding.id === id) ?? []);
}
