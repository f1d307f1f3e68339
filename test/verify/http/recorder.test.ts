import { describe, expect, test } from "bun:test";
import { createRedactor } from "../../../lib/model/redact.ts";
import type { Fetch } from "../../../lib/ports.ts";
import { curlArgv, shellLine } from "../../../verify/http/exchange.ts";
import { createRecorder, type Probe } from "../../../verify/http/recorder.ts";
import { previewValue, typesOf } from "../../../verify/http/shape.ts";
import { FakeClock } from "../../support/clock.ts";

const TOKEN = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2lnbmF0dXJl";
const PROBE: Probe = {
  service: "file-api",
  baseUrl: "http://127.0.0.1:1",
  path: "/v1/x",
  credential: "workspace",
};

function recorder(fetch: Fetch, signal = new AbortController().signal) {
  const clock = new FakeClock();
  const redactor = createRedactor();
  redactor.learn(TOKEN, "workspace-token");
  const made = createRecorder({
    fetch,
    clock,
    redactor,
    runId: "run1",
    tokens: { workspace: TOKEN, cloud: null },
    signal,
    includeBodies: false,
  });
  return { ...made, clock };
}

const json = (body: unknown, init: ResponseInit = {}) => Response.json(body as object, init);

describe("createRecorder()", () => {
  test("sends the credential and a correlation id, and records neither as a secret", async () => {
    const seen: Request[] = [];
    const rig = recorder(async (request) => {
      seen.push(request);
      return json({ status: "ok", echo: TOKEN });
    });
    const answer = await rig.send({ ...PROBE, query: { path: "/a b" } });
    expect(seen[0]?.headers.get("authorization")).toBe(`Bearer ${TOKEN}`);
    expect(seen[0]?.headers.get("x-correlation-id")).toBe("rfv_run1_01");
    expect(seen[0]?.redirect).toBe("manual");
    expect(answer.probe).toMatchObject({ status: 200, kind: "json", exchangeId: "x001" });
    expect(JSON.stringify([rig.exchanges, answer.json])).not.toContain(TOKEN);
    expect(rig.exchanges[0]?.repro.curl).toContain(`'Authorization: Bearer '"$RELAYFILE_TOKEN"`);
    expect(rig.exchanges[0]?.repro.curl).toContain("--data-urlencode 'path=/a b'");
  });

  test("classifies what is not JSON and never parses HTML", async () => {
    const cases: [response: () => Response, kind: string][] = [
      [() => new Response("<!doctype html>", { headers: { "content-type": "text/html" } }), "html"],
      [() => new Response("<html>{}", { headers: { "content-type": "application/json" } }), "html"],
      [() => new Response('{"a":', { headers: { "content-type": "application/json" } }), "invalid-json"],
      [
        () => new Response(new Uint8Array([0xff, 0xfe]), { headers: { "content-type": "application/json" } }),
        "invalid-json",
      ],
      [() => new Response('{"a":1}', { headers: { "content-type": "text/plain" } }), "text"],
      [() => new Response(null, { status: 204 }), "empty"],
    ];
    for (const [response, kind] of cases) {
      const answer = await recorder(async () => response()).send(PROBE);
      expect(answer.probe.kind).toBe(kind as typeof answer.probe.kind);
      expect(answer.json).toBeUndefined();
    }
  });

  test("stops reading a body that is too large", async () => {
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent++;
        controller.enqueue(new Uint8Array(1024 * 1024));
      },
    });
    const answer = await recorder(async () => new Response(endless)).send(PROBE);
    expect(answer.probe.kind).toBe("too-large");
    expect(sent).toBeLessThan(20);
  });

  test("gives up on a server that stays silent, before and inside the body", async () => {
    const silent = recorder(() => new Promise(() => {}));
    const first = silent.send({ ...PROBE, timeoutMs: 500 });
    await silent.clock.advance(600);
    expect((await first).probe).toMatchObject({ status: null, failure: "timeout", kind: "none" });

    const trickle = recorder(
      async () => new Response(new ReadableStream({ pull: () => new Promise(() => {}) })),
    );
    const second = trickle.send({ ...PROBE, timeoutMs: 500 });
    await trickle.clock.advance(600);
    expect((await second).probe).toMatchObject({ status: null, failure: "timeout" });
  });

  test("turns transport failures and the end of the run into answers", async () => {
    const refused = Object.assign(new Error("no"), { code: "ECONNREFUSED" });
    expect((await recorder(() => Promise.reject(refused)).send(PROBE)).probe.failure).toBe("connect");
    const ending = new AbortController();
    const rig = recorder(() => new Promise(() => {}), ending.signal);
    const pending = rig.send(PROBE);
    ending.abort();
    expect((await pending).probe.failure).toBe("aborted");
  });

  test("reports a redirect without following it", async () => {
    const answer = await recorder(
      async () =>
        new Response(null, { status: 302, headers: { location: "https://elsewhere/?token=abcdefgh" } }),
    ).send(PROBE);
    expect(answer.probe).toMatchObject({ status: 302, kind: "empty" });
    expect(answer.probe.location).not.toContain("abcdefgh");
  });

  test("keeps at most eight requests per host in flight", async () => {
    let now = 0;
    let most = 0;
    const rig = recorder(async () => {
      most = Math.max(most, ++now);
      await Promise.resolve();
      now--;
      return json({});
    });
    await Promise.all(Array.from({ length: 40 }, () => rig.send(PROBE)));
    expect(most).toBeLessThanOrEqual(8);
    expect(rig.exchanges.map((exchange) => exchange.seq)).toEqual(
      Array.from({ length: 40 }, (_, n) => n + 1),
    );
  });
});

describe("curlArgv() and shellLine()", () => {
  test("quote what the shell would read and leave only the credential to it", () => {
    const argv = curlArgv({
      method: "GET",
      url: "http://h/x",
      query: [["path", "/it's $HOME"]],
      headers: { "X-Correlation-Id": "c" },
      credential: "cloud",
      body: null,
      timeoutMs: 10_000,
    });
    const line = shellLine(argv);
    expect(line).toContain(`'path=/it'\\''s $HOME'`);
    expect(line).toContain(`"$RELAYFILE_CLOUD_TOKEN"`);
    expect(line.endsWith("http://h/x")).toBe(true);
  });

  test("keep a body beside a query", () => {
    const argv = curlArgv({
      method: "POST",
      url: "http://h/x",
      query: [["a", "1"]],
      headers: {},
      credential: null,
      body: "{}",
      timeoutMs: 1,
    });
    expect(argv).toContain("--data-binary");
    expect(argv.at(-1)).toBe("http://h/x?a=1");
  });
});

describe("previewValue()", () => {
  test("turns record payloads into types and keeps contracts", () => {
    const record = {
      path: "/jira/issues/a__1.json",
      content: JSON.stringify({ provider: "jira", payload: { summary: "private" } }),
    };
    expect(JSON.stringify(previewValue(record))).not.toContain("private");
    const kept = { path: "/discovery/jira/issues/.schema.json", content: '{"type":"object"}' };
    expect(previewValue(kept)).toEqual(kept);
    expect(typesOf({ a: [1, 2], b: null, c: "x" })).toEqual({
      a: ["number", "2 items"],
      b: "null",
      c: "string",
    });
  });
});
