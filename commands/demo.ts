/**
 * `relayfile demo`: a stack in a temporary directory, three incidents that happen by their real mechanism, and the
 * diagnosis of each. Nothing stays behind: no file, no process, no setting.
 */
import type { DemoReport, IncidentResult } from "../lib/demo/incidents.ts";
import { isRelayfileError } from "../lib/errors.ts";
import type { Ports } from "../lib/ports.ts";
import type { Report } from "../verify/report.ts";
import { type CommandContext, type CommandResult, command, type Document } from "./_command.ts";

/** What the demo found. The stack's addresses are of use only while it runs. */
export interface DemoDocument extends Document {
  readonly kind: "relayfile.demo";
  readonly workspaceId: string;
  readonly fileApiUrl: string;
  readonly controlPlaneUrl: string;
  readonly simulatorUrl: string;
  /** The mirror, kept in step by a daemon while the demo runs. */
  readonly mirror: string;
  /** Set in another shell, these make every other command talk to the demo. */
  readonly environment: Readonly<Record<string, string>>;
  readonly incidents: readonly IncidentResult[];
  readonly reports: Readonly<Record<DemoReport, Report>>;
  /** The one command to run next. */
  readonly next: { readonly argv: readonly string[]; readonly why: string };
  /** False under `--once`: the stack is gone when this is printed. */
  readonly running: boolean;
}

export default command({
  name: "demo",
  description: "A stack on this machine with three planted incidents, and their diagnosis",
  args: {
    once: { type: "boolean", description: "Stop after the report instead of staying up until Ctrl-C" },
  },
  examples: [
    ["relayfile demo", "stays up until Ctrl-C; look around from another terminal"],
    ["relayfile demo --once --json", "one document; exit 0 when every incident was found"],
  ],
  run: async ({ once }, context) => {
    const { openDemoDirectory } = await import("../lib/demo/directory.ts");
    const { bunMountWorld } = await import("../lib/runtime/bun/mount-world.ts");
    const directory = openDemoDirectory(bunMountWorld(context.ports));
    try {
      return await inDirectory(directory.path, once, context);
    } catch (thrown) {
      // Ctrl-C while the stack is still being filled is the ordinary end of a demo that stays up.
      if (once || !isRelayfileError(context.signal.reason, "interrupted", "terminated")) throw thrown;
      return { document: STOPPED, exit: "PASS" };
    } finally {
      directory.remove();
    }
  },
});

/** Printed when the demo is stopped before it has found anything. */
const STOPPED: Document & { readonly verdict: string } = {
  schemaVersion: "1.0",
  kind: "relayfile.demo-stopped",
  verdict: "stopped before the incidents had happened; nothing is left",
};

async function inDirectory(directory: string, once: boolean, outer: CommandContext): Promise<CommandResult> {
  const home = `${directory}/home`;
  const context = { ...outer, ports: isolated(outer.ports, directory, home) };
  const { ports, signal } = context;
  const { startStack } = await import("../lib/runtime/bun/stack.ts");
  const { MAY_2026_ERA } = await import("../lib/model/era.ts");
  const stops: (() => Promise<void>)[] = [];
  try {
    const stack = await startStack({
      dataDir: home,
      workspaceName: "demo",
      providers: ["linear", "jira"],
      era: MAY_2026_ERA,
      ports,
    });
    stops.push(() => stack.stop());
    const token = () => readToken(ports, stack.tokenFile);
    const { deliverGithub, floodByProject } = await import("../lib/demo/plant.ts");
    const { DIGEST_FLOOD_EVENTS, judgeIncidents } = await import("../lib/demo/incidents.ts");
    const target = { ...stack, token, ...ports, signal };
    const say = (line: string) => context.progress?.(line);
    say("The stack is up. Linear is synced until its copies overflow today's digest ...");
    const syncs = await floodByProject(target, DIGEST_FLOOD_EVENTS);
    const deliveries = await deliverGithub(target);
    say(`${syncs} syncs and ${deliveries} GitHub webhooks later, a mirror is mounted ...`);

    const { startMirror } = await import("../lib/demo/mirror.ts");
    const { bunMountWorld } = await import("../lib/runtime/bun/mount-world.ts");
    const mirrorDir = `${directory}/mirror`;
    const mirror = await startMirror({
      ...stack,
      world: bunMountWorld(ports),
      server: stack.fileApiUrl,
      localRoot: mirrorDir,
      stateDir: `${directory}/mount-state`,
      token,
    });
    stops.push(() => mirror.stop());
    await mirror.saveRefusedFile(signal);
    say("A save was refused by Jira. Asking doctor and verify what is wrong ...\n");

    const reports = await diagnose(context);
    const incidents = judgeIncidents(reports);
    const document: DemoDocument = {
      schemaVersion: "1.0",
      kind: "relayfile.demo",
      workspaceId: stack.workspaceId,
      fileApiUrl: stack.fileApiUrl,
      controlPlaneUrl: stack.controlPlaneUrl,
      simulatorUrl: stack.simulatorUrl,
      mirror: mirrorDir,
      environment: { RELAYFILE_HOME: home },
      incidents,
      reports,
      next: nextOf(incidents, once),
      running: !once,
    };
    const exit = incidents.every(({ found }) => found) ? "PASS" : "FINDINGS";
    if (once) return { document, exit };
    context.ready(document);
    await aborted(signal);
    return { document, exit: "PASS" };
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

/** The reports of `doctor` and the three `verify` suites, one after the other as a person would run them. */
async function diagnose(context: CommandContext): Promise<Record<DemoReport, Report>> {
  const { doctor } = await import("./doctor.ts");
  const { verify } = await import("./verify.ts");
  const suite = async (what: "discovery" | "digest" | "writeback") =>
    (await verify({ what }, context)).document;
  return {
    doctor: (await doctor({}, context)).document,
    discovery: await suite("discovery"),
    digest: await suite("digest"),
    writeback: await suite("writeback"),
  };
}

/** The same ports in an environment that knows nothing of the user's: no token, no URL, a home of its own. */
function isolated(ports: Ports, directory: string, home: string): Ports {
  const { PATH, LANG, TZ } = ports.host.env;
  const env = { PATH, LANG, TZ, RELAYFILE_HOME: home };
  // What goes wrong here is planned, so it is no warning to the person who started the demo.
  const { debug, info } = ports.log;
  return {
    ...ports,
    log: { debug, info, warn: info, error: info },
    host: { ...ports.host, env, cwd: directory, homeDir: directory },
  };
}

function nextOf(incidents: readonly IncidentResult[], once: boolean): DemoDocument["next"] {
  const first = incidents.find(({ found }) => found);
  if (first === undefined) return { argv: ["relayfile", "demo"], why: "look at the stack while it runs" };
  if (once)
    return { argv: ["relayfile", "explain", first.knownIssue], why: "what this finding means, offline" };
  return {
    argv: ["relayfile", "verify", "discovery", "jira"],
    why: "see the evidence of the first incident",
  };
}

function readToken(ports: Ports, path: string): string {
  const { token } = JSON.parse(new TextDecoder().decode(ports.fs.readFile(path))) as { token: string };
  return token;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((done) => signal.addEventListener("abort", () => done(), { once: true }));
}
