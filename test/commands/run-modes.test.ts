import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import type { Fetch, Ports } from "../../lib/ports.ts";
import { Report } from "../../verify/report.ts";
import { RunEventSchema } from "../../verify/run/events.ts";
import { fastClock } from "../support/fast-clock.ts";
import { type ReportRig, reportRig } from "../support/report-rig.ts";
import { runCli } from "../support/run-cli.ts";
import type { RecordedTerminal } from "../support/terminal.ts";

const words = (rig: ReportRig, command: string) => [
  ...command.split(" "),
  "--file-api",
  rig.stack.fileApiUrl,
  "--control-plane",
  rig.stack.controlPlaneUrl,
];
const lines = (stdout: string) =>
  stdout
    .trimEnd()
    .split("\n")
    .map((line) => RunEventSchema.parse(JSON.parse(line)));
const NO_NETWORK: Fetch = async () => {
  throw new TypeError("a request was sent");
};

/** The network until `broken` says otherwise: then the workspace root answers 503. */
function breakable() {
  const state = { broken: true, calls: 0, onCall: (_n: number) => {} };
  const wrapFetch = (real: Fetch): Fetch => {
    return async (request) => {
      state.onCall(++state.calls);
      const { pathname } = new URL(request.url);
      if (state.broken && pathname.endsWith("/fs/tree")) return Response.json({ code: "x" }, { status: 503 });
      return real(request);
    };
  };
  return { state, wrapFetch };
}

describe("doctor --events", () => {
  test("prints numbered lines of the published shape and ends with the verdict", async () => {
    await using rig = await reportRig({ providers: ["jira"] });
    const run = await runCli(words(rig, "doctor --events"), rig.ports);
    const events = lines(run.stdout);
    expect(run.exit).toBe(0);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(new Set(events.map(({ runId }) => runId)).size).toBe(1);
    expect(events[0]?.type).toBe("run.started");
    const last = events.at(-1);
    expect(last).toMatchObject({ type: "run.finished", exit: "PASS", exitCode: 0, outcome: "pass" });
    expect(events.filter(({ type }) => type === "run.finished")).toHaveLength(1);
    const finished = events.filter(({ type }) => type === "check.finished");
    expect(finished).toHaveLength(events[0]?.type === "run.started" ? events[0].checks.length : -1);
    expect(events.filter(({ type }) => type === "exchange").length).toBeGreaterThan(10);
    expect(run.stdout).not.toContain(rig.token());
  });

  test("ends with a verdict even when the run cannot start", async () => {
    await using rig = await reportRig();
    const run = await runCli("doctor --events --file-api nonsense", rig.ports);
    expect(run.exit).toBe(2);
    expect(lines(run.stdout).at(-1)).toMatchObject({ type: "run.finished", outcome: "error", exitCode: 2 });
  });

  test("is not a document: with --json it is a usage error", async () => {
    await using rig = await reportRig();
    const run = await runCli("doctor --events --json", rig.ports);
    expect(run.exit).toBe(2);
    expect((run.document.error as { code: string }).code).toBe("usage");
  });
});

describe("doctor --wait", () => {
  test("repeats until the stack is well and calls what failed before flaky", async () => {
    const { state, wrapFetch } = breakable();
    await using rig = await reportRig({ wrapFetch });
    const clock = fastClock(rig.ports.clock);
    const ports: Ports = { ...rig.ports, clock };
    state.onCall = () => {
      if (clock.slept.length >= 2) state.broken = false;
    };
    const run = await runCli(words(rig, "doctor --wait 5m --json"), ports);
    const report = Report.parse(run.document);
    expect(run.exit).toBe(0);
    expect(report.attempts?.map(({ exit }) => exit)).toEqual(["UNDETERMINED", "UNDETERMINED", "PASS"]);
    const readable = report.checks.find(({ id }) => id === "doctor.workspace-readable");
    expect(readable).toMatchObject({ status: "pass", flaky: true });
  });

  test("ends with what is wrong when the time is up", async () => {
    const { wrapFetch } = breakable();
    await using rig = await reportRig({ wrapFetch });
    const clock = fastClock(rig.ports.clock);
    const run = await runCli(words(rig, "doctor --wait 20s --json"), { ...rig.ports, clock });
    expect(run.exit).toBe(3);
    expect(Report.parse(run.document).attempts?.length).toBeGreaterThan(3);
  });
});

describe("doctor --watch", () => {
  test("prints transitions and ends cleanly with the first signal", async () => {
    const { state, wrapFetch } = breakable();
    await using rig = await reportRig({ wrapFetch });
    const clock = fastClock(rig.ports.clock);
    let terminal: RecordedTerminal | undefined;
    state.onCall = () => {
      if (clock.slept.length === 2) state.broken = false;
      if (clock.slept.length === 4) terminal?.signal("SIGINT");
    };
    const run = await runCli(
      words(rig, "doctor --watch 30s --events"),
      { ...rig.ports, clock },
      {
        onTerminal: (made) => {
          terminal = made;
        },
      },
    );
    const events = lines(run.stdout);
    const changes = events.flatMap((event) =>
      event.type === "check.changed" && event.checkId === "doctor.workspace-readable"
        ? [`${event.from}->${event.to}`]
        : [],
    );
    expect(changes).toEqual(["null->unknown", "unknown->pass"]);
    expect(run.exit).toBe(0);
    expect(events.at(-1)).toMatchObject({ type: "run.finished", exit: "PASS", outcome: "pass" });
    expect(clock.slept[0]).toBeGreaterThan(50_000);
  });
});

describe("--plan and --offline", () => {
  test("send nothing", async () => {
    await using rig = await reportRig({ providers: ["linear"] });
    const ports = { ...rig.ports, fetch: NO_NETWORK };
    const plan = await runCli(words(rig, "verify discovery linear --plan --json"), ports);
    expect(plan.exit).toBe(0);
    expect(plan.document).toMatchObject({ kind: "relayfile.plan", effect: "refresh" });
    const { requests } = plan.document as unknown as { requests: { method: string; curl: string }[] };
    expect(requests.some(({ method }) => method === "POST")).toBe(true);
    expect(plan.stdout).not.toContain(rig.token());
    const offline = await runCli(words(rig, "doctor --offline --json"), ports);
    const report = Report.parse(offline.document);
    expect(report.exchanges).toEqual([]);
    expect(report.checks.find(({ id }) => id === "doctor.workspace-token-valid")?.status).toBe("pass");
    expect(report.checks.some(({ status }) => status === "unknown" || status === "fail")).toBe(false);
    expect((await runCli(words(rig, "verify digest --offline --json"), ports)).exit).toBe(3);
  });
});

describe("a run that is stopped", () => {
  test("leaves a whole report, whenever SIGINT or the end of the budget comes", async () => {
    const { state, wrapFetch } = breakable();
    state.broken = false;
    await using rig = await reportRig({ providers: ["jira"], wrapFetch });
    const all = await runCli(words(rig, "doctor --json -v"), rig.ports);
    const requests = Report.parse(all.document).exchanges.length;
    expect(requests).toBeGreaterThan(20);
    for (let turn = 0; turn < 12; turn++) {
      const moment = Math.floor((turn * requests) / 12) + 1;
      let terminal: RecordedTerminal | undefined;
      state.calls = 0;
      state.onCall = (n) => {
        if (n === moment) terminal?.signal(turn % 2 === 0 ? "SIGINT" : "SIGTERM");
      };
      const run = await runCli(words(rig, "doctor --json -v"), rig.ports, {
        onTerminal: (made) => {
          terminal = made;
        },
      });
      const report = Report.parse(run.document);
      expect(run.exit).toBe(turn % 2 === 0 ? 130 : 143);
      expect(report).toMatchObject({ outcome: "interrupted", exitCode: run.exit });
      expect(report.checks).toHaveLength(Report.parse(all.document).checks.length);
    }
  });

  test("keeps its stream whole as well", async () => {
    const { state, wrapFetch } = breakable();
    state.broken = false;
    await using rig = await reportRig({ wrapFetch });
    let terminal: RecordedTerminal | undefined;
    state.onCall = (n) => {
      if (n === 5) terminal?.signal("SIGINT");
    };
    const run = await runCli(words(rig, "doctor --events"), rig.ports, {
      onTerminal: (made) => {
        terminal = made;
      },
    });
    expect(lines(run.stdout).at(-1)).toMatchObject({ type: "run.finished", exitCode: 130 });
  });

  test("says what it knew when --timeout ends it", async () => {
    const { state, wrapFetch } = breakable();
    state.broken = false;
    const slow = (real: Fetch) => {
      const inner = wrapFetch(real);
      return async (request: Request) => (state.calls > 6 ? new Promise<Response>(() => {}) : inner(request));
    };
    await using rig = await reportRig({ wrapFetch: slow });
    const run = await runCli(words(rig, "doctor --json --timeout 300ms"), rig.ports);
    const report = Report.parse(run.document);
    expect(run.exit).toBe(3);
    expect(report.checks.some(({ reason }) => reason.includes("longer than 300 ms"))).toBe(true);
    expect(report.checks.some(({ status }) => status === "pass")).toBe(true);
  });
});

describe("doctor --bundle", () => {
  test("holds report, evidence, state and logs, says so, and holds no secret", async () => {
    await using rig = await reportRig({ providers: ["jira"] });
    const mirror = await rig.mount();
    await mirror.saveRefusedFile(new AbortController().signal);
    const mount = `${rig.directory}/mirror`;
    writeFileSync(`${mount}/.relay/mount.log`, `a line with Authorization: Bearer ${rig.token()}\n`);
    const file = `${rig.directory}/incident.tar.gz`;
    const run = await runCli([...words(rig, "doctor"), "--bundle", file, "--mount", mount], rig.ports);
    expect(run.stdout).toContain("manifest.json");
    expect(run.stdout).toMatch(/\d+ secrets removed/);
    const bytes = Bun.gunzipSync(readFileSync(file));
    const members = [...(await new Bun.Archive(bytes).files()).entries()];
    const names = members.map(([name]) => name);
    for (const name of ["report.json", "evidence/target.json", "logs/mount.log", "state/mount-state.json"])
      expect(names).toContain(name);
    expect(names.some((name) => name.startsWith("dead-letter/"))).toBe(true);
    const texts = await Promise.all(
      members.map(async ([name, member]) => [name, await member.text()] as const),
    );
    for (const [name, text] of texts) {
      expect(`${name} ${text.includes(rig.token())}`).toBe(`${name} false`);
      expect(text).not.toContain(rig.token().split(".")[2] as string);
    }
    const manifest = JSON.parse(texts.find(([name]) => name === "manifest.json")?.[1] ?? "");
    expect(manifest.redactions.count).toBeGreaterThan(0);
    expect(manifest.files.map(({ path }: { path: string }) => path)).toEqual(
      names.filter((n) => n !== "manifest.json"),
    );
    Report.parse(JSON.parse(texts.find(([name]) => name === "report.json")?.[1] ?? ""));
  });
});
