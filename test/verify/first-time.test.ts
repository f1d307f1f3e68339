/** What `doctor` says first where nobody is signed in: how to begin, unless somebody named a server that is not there. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { CommandContext } from "../../commands/_command.ts";
import type { ReportArgs } from "../../commands/_report.ts";
import { doctor } from "../../commands/doctor.ts";
import type { Env } from "../../lib/ports.ts";
import { bunPorts } from "../../lib/runtime/bun/ports.ts";
import { renderShort } from "../../verify/render/short.ts";
import { PLAIN } from "../../verify/render/style.ts";
import { renderText } from "../../verify/render/text.ts";
import { Report } from "../../verify/report.ts";
import { rootFindings } from "../support/report-rig.ts";
import { tempDir } from "../support/temp-dir.ts";

/** A port where nobody listens. */
const NOBODY = "http://127.0.0.1:9";
const DEMO = ["relayfile", "demo"];
const BARE = "nobody is signed in and no workspace is named";

/** The report in an empty home on a machine that reaches itself and nothing else. */
async function firstReport(args: ReportArgs, variables: Env = {}): Promise<Report> {
  const dir = tempDir("relayfile-first-");
  const real = bunPorts({ env: { HOME: dir.path, PATH: "/usr/bin", ...variables }, cwd: dir.path });
  const context: CommandContext = {
    ports: {
      ...real,
      fetch: async (request) => {
        if (new URL(request.url).hostname === "127.0.0.1") return real.fetch(request);
        throw Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" });
      },
    },
    globals: { json: true, quiet: true, verbosity: 1, color: false, input: false, timeoutMs: null },
    signal: new AbortController().signal,
    ready() {},
    write() {},
  };
  try {
    return Report.parse((await doctor(args, context)).document);
  } finally {
    dir.remove();
  }
}

const nextOf = ({ nextActions }: Report) => nextActions[0]?.argv;
/** Where a report of a terminal first speaks of something. */
const lineOf = (report: Report, words: string) =>
  renderText(report, PLAIN)
    .split("\n")
    .findIndex((line) => line.includes(words));

describe("doctor in an empty home", () => {
  let page: { readonly url: string; stop(): void };
  beforeAll(() => {
    const fetch = () => new Response("<!doctype html>", { headers: { "content-type": "text/html" } });
    const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch });
    page = { url: `http://127.0.0.1:${server.port}`, stop: () => void server.stop(true) };
  });
  afterAll(() => page.stop());

  test("begins with how to begin when nothing was named and nothing answers", async () => {
    const report = await firstReport({});
    expect(report.verdict).toStartWith(BARE);
    expect(report.nextActions.slice(0, 2).map(({ argv }) => argv)).toEqual([DEMO, ["relayfile", "login"]]);
    expect(lineOf(report, BARE)).toBeLessThan(lineOf(report, "doctor.network-unreachable"));
    expect(renderShort(report, PLAIN)).toContain(BARE);
  });

  const named: [how: string, args: ReportArgs, variables: Env][] = [
    ["with --file-api", { "file-api": NOBODY }, {}],
    ["with both", { "file-api": NOBODY, "control-plane": `${NOBODY}/cloud` }, {}],
    ["by a variable", {}, { RELAYFILE_BASE_URL: NOBODY }],
  ];
  for (const [how, args, variables] of named) {
    test(`begins with the server that was named ${how} and is not there`, async () => {
      const report = await firstReport(args, variables);
      const [first] = rootFindings(report);
      expect(report.verdict).toStartWith(first?.title ?? "no root cause");
      expect(report.verdict).toContain("127.0.0.1:9");
      expect(nextOf(report)).toEqual(["relayfile", "serve", "--data", "DIR", "--port", "9"]);
      expect(report.nextActions[0]?.findingIds).toEqual([first?.id ?? ""]);
      expect(report.exit).toBe("UNDETERMINED");
      expect(lineOf(report, BARE)).toBeGreaterThan(lineOf(report, first?.title ?? ""));
    });
  }

  test("asks about a named host of another machine with curl", async () => {
    const report = await firstReport({ "file-api": "http://files.example.test" });
    expect(nextOf(report)).toContain("http://files.example.test/health");
  });

  test("says what signing in is for when a workspace was named", async () => {
    const report = await firstReport({ workspace: "mine", "file-api": page.url });
    const wanted = { argv: ["relayfile", "login"], title: "Sign in, then ask again" };
    expect(report.nextActions).toContainEqual(expect.objectContaining(wanted));
  });

  test("begins with a named server that is another one", async () => {
    const report = await firstReport({ "file-api": page.url });
    expect(report.verdict).toStartWith(`${page.url} is not the file API`);
    expect(nextOf(report)).not.toEqual(DEMO);
  });
});
