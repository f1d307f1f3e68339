/** `bun run contract`: real judgement of a real deployment, and nothing invented about what is not there (S30). */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { listen } from "../../lib/runtime/bun/serve.ts";
import {
  type ContractReport,
  countsOf,
  exitCodeOf,
  renderContract,
  reportOf,
  runContract,
} from "../../scripts/contract.ts";
import { startWorkerd } from "../../scripts/worker/workerd.ts";
import { type TestStack, testStack } from "../support/stack.ts";

const HTML = { "Content-Type": "text/html; charset=utf-8" };
const page = (status: number) =>
  new Response("<!doctype html><h1>Welcome</h1>{not json", { status, headers: HTML });
const NO_SECRETS = { workspaceToken: null, cloudToken: null, signInKey: null };

/** A second address of a stack that lacks what `answer` answers by itself; the rest is passed on, addresses rewritten. */
function without(stack: TestStack, answer: (method: string, path: string) => Response | null) {
  const origin = stack.fileApiUrl;
  const listener = listen(0, async (request) => {
    const url = new URL(request.url);
    const own = answer(request.method, url.pathname);
    if (own !== null) return own;
    const headers = new Headers(request.headers);
    if (headers.get("host") === `127.0.0.1:${listener.port}`) headers.set("host", new URL(origin).host);
    const upstream = await stack.fetch(
      new Request(`${origin}${url.pathname}${url.search}`, {
        method: request.method,
        headers,
        body: request.body === null ? null : await request.arrayBuffer(),
      }),
    );
    const type = upstream.headers.get("content-type") ?? "";
    const location = upstream.headers.get("location");
    const rewritten = (text: string) => text.replaceAll(origin, listener.url);
    const body = type.includes("json") ? rewritten(await upstream.text()) : await upstream.arrayBuffer();
    const answered = new Response(upstream.status === 204 ? null : body, {
      status: upstream.status,
      headers: upstream.headers,
    });
    if (location !== null)
      answered.headers.set(
        "location",
        location.replaceAll(encodeURIComponent(origin), encodeURIComponent(listener.url)),
      );
    return answered;
  });
  return listener;
}

describe("runContract()", () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await testStack();
  });
  afterAll(() => stack.stop());
  const judge = (fileApiUrl: string, controlPlaneUrl: string) =>
    runContract({ fileApiUrl, controlPlaneUrl, ...NO_SECRETS });
  const titles = (report: ContractReport, outcome: string) =>
    report.tests.filter((one) => one.outcome === outcome).map(({ title }) => title);

  test("S30 passes our own stack: every route is there, only what needs other tokens is not checked", async () => {
    const report = await judge(stack.fileApiUrl, stack.controlPlaneUrl);
    expect(titles(report, "failed")).toEqual([]);
    expect(report.notDeployed).toEqual([]);
    expect(
      report.tests.filter(({ outcome }) => outcome === "not-checked").map(({ detail }) => detail),
    ).toEqual([
      "needs a token that lives for another time than the service gives",
      "needs a token that lives for another time than the service gives",
    ]);
    expect(countsOf(report).passed).toBeGreaterThan(90);
    expect(exitCodeOf(report)).toBe(0);
    expect(renderContract(report)).toEndWith(" 0 failed, 0 not deployed, 2 not checked\n");
  });

  test("S30 reports absent routes as not deployed, whether they answer JSON or a page, and judges the rest", async () => {
    const lacking = without(stack, (method, path) => {
      if (path.endsWith("/fs/merge")) return Response.json({ code: "not_found" }, { status: 404 });
      if (path.endsWith("/sync/ingress")) return new Response(null, { status: 405 });
      if (path.endsWith("/fs/ws")) return page(404);
      if (path.startsWith("/cloud/") && path.endsWith("/sync/refresh")) return page(200);
      return method === "GET" && path.endsWith("/workspaces/active") ? page(404) : null;
    });
    const report = await judge(lacking.url, `${lacking.url}/cloud`);
    await lacking.stop();
    expect(report.notDeployed).toEqual([
      { route: "GET fs/ws", why: "answers 404" },
      { route: "GET sync/ingress", why: "answers 405" },
      { route: "GET workspaces/active", why: "answers 404" },
      { route: "POST fs/merge", why: "answers 404" },
      { route: "POST workspaces/:id/sync/refresh", why: "answers 200 with a web page" },
    ]);
    expect(titles(report, "failed")).toEqual([]);
    const absent = titles(report, "not-deployed");
    expect(absent.filter((title) => title.startsWith("POST fs/merge"))).toHaveLength(3);
    expect(absent.some((title) => title.includes("workspaces/active"))).toBe(true);
    expect(titles(report, "passed")).toContain("GET fs/file returns what was written, with a quoted ETag");
    expect(exitCodeOf(report)).toBe(0);
  });

  test("S30 fails a deployment that answers wrongly, naming the test", async () => {
    const wrong = without(stack, (_method, path) => {
      if (path === "/health") return Response.json({ status: "fine" });
      return path.endsWith("/fs/ws") ? page(404) : null;
    });
    const report = await judge(wrong.url, `${wrong.url}/cloud`);
    await wrong.stop();
    expect(titles(report, "failed")).toContain("GET health needs no token and no correlation id");
    expect(exitCodeOf(report)).toBe(1);
    expect(renderContract(report)).toContain("FAIL GET health");
  });

  test("S30 never reads a web page as an answer: a site behind both URLs is not deployed, not broken", async () => {
    const site = listen(0, async () => page(200));
    const report = await judge(site.url, site.url);
    await site.stop();
    const { passed, failed, "not-deployed": notDeployed } = countsOf(report);
    expect([passed, failed]).toEqual([0, 0]);
    expect(notDeployed).toBe(report.tests.length);
    expect(report.notDeployed.every(({ why }) => why === "answers 200 with a web page")).toBe(true);
    expect(JSON.stringify(report)).not.toContain("JSON Parse");
    expect(exitCodeOf(report)).toBe(3);
  });

  test("S30 judges a deployment on Workers that asks for a key, and nothing of it without the key", async () => {
    const signInKey = "open sesame & more";
    const worker = await startWorkerd({
      variables: { RELAYFILE_SIGN_IN: "", RELAYFILE_SIGN_IN_KEY: signInKey },
    });
    const urls = { fileApiUrl: worker.url, controlPlaneUrl: `${worker.url}/cloud` };
    const locked = await runContract({ ...urls, ...NO_SECRETS });
    const opened = await runContract({ ...urls, ...NO_SECRETS, signInKey });
    await worker.stop();
    expect(countsOf(locked)).toEqual({
      passed: 0,
      failed: 0,
      "not-deployed": 0,
      "not-checked": locked.tests.length,
    });
    expect(exitCodeOf(locked)).toBe(3);
    expect(titles(opened, "failed")).toEqual([]);
    expect(opened.notDeployed).toEqual([]);
    expect(titles(opened, "not-checked")).toHaveLength(3);
    expect(exitCodeOf(opened)).toBe(0);
  });

  test("S30 says when nothing answers at all", async () => {
    const gone = listen(0, async () => page(200));
    await gone.stop();
    const report = await judge(gone.url, gone.url);
    expect(report.unreachable).not.toBeNull();
    expect(exitCodeOf(report)).toBe(3);
  });
});

describe("reportOf()", () => {
  const urls = { fileApiUrl: "http://f", controlPlaneUrl: "http://c" };
  const line = (outcome: string) => JSON.stringify({ kind: "test", title: "t", outcome, detail: "" });

  test("takes a run that broke off without a failed test as undetermined, whatever passed before", () => {
    const report = reportOf(urls, [line("passed"), ""], "panic: out of memory");
    expect(report.broken).toBe("panic: out of memory");
    expect(exitCodeOf(report)).toBe(3);
    expect(reportOf(urls, [line("passed"), line("failed")], "1 fail").broken).toBeNull();
  });

  test("counts each outcome by its own name", () => {
    const report = reportOf(urls, ["passed", "passed", "not-deployed", "not-checked"].map(line), null);
    expect(countsOf(report)).toEqual({ passed: 2, failed: 0, "not-deployed": 1, "not-checked": 1 });
    expect(exitCodeOf(report)).toBe(0);
  });
});
