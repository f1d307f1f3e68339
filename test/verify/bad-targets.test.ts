import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ReportArgs } from "../../commands/_report.ts";
import { type ReportRig, reportRig, rootFindings } from "../support/report-rig.ts";

/** What a broken server answers to everything. */
const ANSWERS: Readonly<Record<string, (request: Request) => Response | Promise<Response>>> = {
  html: () =>
    new Response("<!doctype html><title>hello</title>", { headers: { "content-type": "text/html" } }),
  garbage: () => new Response('{"status": "o', { headers: { "content-type": "application/json" } }),
  wrongShape: () => Response.json([1, 2, 3]),
  tenMegabytes: () =>
    new Response("x".repeat(10 * 1024 * 1024), { headers: { "content-type": "application/json" } }),
  binary: () =>
    new Response(new Uint8Array([0, 255, 254, 1]), { headers: { "content-type": "application/json" } }),
  redirect: () => new Response(null, { status: 302, headers: { location: "http://127.0.0.1:9/elsewhere" } }),
  failing: () => Response.json({ code: "internal_error", message: "broken" }, { status: 500 }),
  busy: () =>
    Response.json(
      { code: "rate_limited", message: "slow down" },
      { status: 429, headers: { "retry-after": "7" } },
    ),
};

describe("a target that is wrong in one way gives that one root cause", () => {
  let rig: ReportRig;
  let flags: ReportArgs;
  const servers: { stop(force: boolean): unknown }[] = [];

  beforeAll(async () => {
    rig = await reportRig({ providers: ["linear"] });
    flags = {
      "file-api": rig.stack.fileApiUrl,
      "control-plane": rig.stack.controlPlaneUrl,
      "token-file": rig.stack.tokenFile,
      "cloud-token-file": rig.stack.cloudTokenFile,
    };
  });
  afterAll(async () => {
    for (const server of servers) server.stop(true);
    await rig[Symbol.asyncDispose]();
  });

  const serve = (fetch: (request: Request) => Response | Promise<Response>) => {
    const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch });
    servers.push(server);
    return `http://127.0.0.1:${server.port}`;
  };
  const tokenFile = (name: string, token: string) => {
    const path = join(rig.directory, name);
    writeFileSync(path, token);
    return path;
  };
  const expectRoot = async (args: ReportArgs, codes: readonly string[], exitCode: number) => {
    const report = await rig.doctor({ ...flags, ...args });
    expect(rootFindings(report).map((finding) => finding.code)).toEqual([...codes]);
    expect(report.exitCode).toBe(exitCode);
    return report;
  };

  test("an expired token", async () => {
    const token = await rig.stack.mint(["fs:read", "fs:write", "sync:read", "sync:trigger", "ops:read"], {
      lifetimeMs: -60_000,
    });
    const report = await expectRoot(
      { "token-file": tokenFile("expired", token) },
      ["doctor.workspace-token-expired"],
      4,
    );
    expect(report.checks.find((check) => check.id === "doctor.workspace-readable")?.skippedBecause).toEqual([
      "doctor.workspace-token-valid",
    ]);
  });

  test("a token without the scopes", async () => {
    const token = await rig.stack.mint(["fs:read"]);
    await expectRoot({ "token-file": tokenFile("narrow", token) }, ["doctor.scope-missing"], 4);
  });

  test("a token of another workspace", async () => {
    const token = await rig.stack.mint(["fs:read", "fs:write", "sync:read", "sync:trigger", "ops:read"], {
      workspaceId: "rw_zzzzzzzz",
    });
    await expectRoot(
      { "token-file": tokenFile("foreign", token), workspace: rig.stack.workspaceId },
      ["doctor.workspace-mismatch"],
      4,
    );
  });

  test("a cloud token sent to the file API is never sent", async () => {
    const cloud = (await Bun.file(rig.stack.cloudTokenFile).json()) as { accessToken: string };
    const report = await expectRoot(
      { "token-file": tokenFile("cloud", cloud.accessToken), workspace: rig.stack.workspaceId },
      ["doctor.wrong-token-kind"],
      4,
    );
    const authorised = report.exchanges.filter(
      (exchange) => exchange.service === "file-api" && exchange.request.headers.Authorization !== undefined,
    );
    expect(authorised).toEqual([]);
  });

  test("a token nobody can read", async () => {
    await expectRoot(
      { "token-file": tokenFile("damaged", "eyJhbGciOiJSUzI1NiJ9.!!!.x".replaceAll("!", "A")) },
      ["doctor.workspace-token-unreadable"],
      4,
    );
  });

  test("a token whose signature no longer fits a key of that name", async () => {
    const token = await rig.stack.mint(["fs:read", "fs:write", "sync:read", "sync:trigger", "ops:read"]);
    const forged = `${token.slice(0, -20)}${token.slice(-20).split("").reverse().join("")}`;
    await expectRoot({ "token-file": tokenFile("forged", forged) }, ["doctor.issuer-restarted"], 4);
  });

  test("a token file that does not exist", async () => {
    const report = await rig.doctor({ ...flags, "token-file": join(rig.directory, "none") });
    expect(rootFindings(report).map((finding) => finding.code)).toEqual(["doctor.credential-unusable"]);
    expect(report.exitCode).toBe(4);
  });

  test("swapped URLs are one cause", async () => {
    const report = await rig.doctor({
      ...flags,
      "file-api": rig.stack.controlPlaneUrl,
      "control-plane": rig.stack.fileApiUrl,
    });
    expect(rootFindings(report).map((finding) => finding.code)).toEqual(["doctor.services-swapped"]);
    expect(report.exitCode).toBe(1);
  });

  test("a file API that is down is undetermined, not a fault of the token", async () => {
    await expectRoot({ "file-api": "http://127.0.0.1:9" }, ["doctor.file-api-unreachable"], 3);
  });

  for (const [name, answer] of Object.entries(ANSWERS)) {
    test(`a server that answers ${name} ends in one bounded, classified cause`, async () => {
      const url = serve(answer);
      const report = await rig.doctor({ ...flags, "file-api": url });
      const down = name === "failing" || name === "busy";
      expect(rootFindings(report).map((finding) => finding.code)).toEqual([
        down ? "doctor.file-api-unreachable" : "doctor.file-api-wrong-service",
      ]);
      expect(report.exitCode).toBe(down ? 3 : 1);
      expect(JSON.stringify(report).length).toBeLessThan(300_000);
    });
  }

  test("a control plane that is down leaves the file API judged", async () => {
    const report = await rig.doctor({ ...flags, "control-plane": "http://127.0.0.1:9" });
    expect(rootFindings(report).map((finding) => finding.code)).toEqual(["doctor.control-plane-unreachable"]);
    expect(report.exitCode).toBe(3);
    expect(report.checks.find((check) => check.id === "doctor.workspace-readable")?.status).toBe("pass");
  });
});

describe("saved evidence", () => {
  test("judges to the same findings without any request", async () => {
    await using rig = await reportRig({ providers: ["linear"] });
    const dir = join(rig.directory, "evidence");
    const first = await rig.doctor({ "save-evidence": dir });
    await rig.stack.stop();
    const again = await rig.doctor({ "from-evidence": dir });
    const essence = (report: typeof first) =>
      report.checks.map((check) => [check.id, check.status, check.exercised]);
    expect(essence(again)).toEqual(essence(first));
    expect(again.exchanges).toEqual(
      first.exchanges.map((exchange) => expect.objectContaining({ id: exchange.id })),
    );
    expect(again.outcome).toBe(first.outcome);
  });

  test("with a part missing is undetermined, with a damaged part an error", async () => {
    await using rig = await reportRig({ providers: ["linear"] });
    const dir = join(rig.directory, "evidence");
    await rig.doctor({ "save-evidence": dir });
    rig.ports.fs.unlink(join(dir, "discovery.json"));
    const report = await rig.doctor({ "from-evidence": dir });
    expect(report.outcome).toBe("unknown");
    writeFileSync(join(dir, "digests.json"), '{"schemaVersion');
    expect(rig.doctor({ "from-evidence": dir })).rejects.toThrow("truncated");
  });
});
