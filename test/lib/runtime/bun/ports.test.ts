import { expect, test } from "bun:test";
import { bunClock } from "../../../../lib/runtime/bun/clock.ts";
import { bunHost } from "../../../../lib/runtime/bun/host.ts";
import { bunPorts } from "../../../../lib/runtime/bun/ports.ts";

test("bunHost() has no home directory when the environment names none", () => {
  expect(bunHost({}, "/").homeDir).toBeNull();
  expect(bunHost({ HOME: "" }, "/").homeDir).toBeNull();
  expect(bunHost({ HOME: "/h" }, "/").homeDir).toBe("/h");
});

test("bunHost() knows which processes exist and what they run", () => {
  const host = bunHost({}, "/");
  expect(host.isAlive(host.pid)).toBe(true);
  for (const pid of [0, -1, 2 ** 31 - 1, Number.NaN]) expect(host.isAlive(pid)).toBe(false);
  expect(host.executableOf(host.pid)).toBe(process.execPath);
  expect(host.executableOf(2 ** 31 - 1)).toBeNull();
});

test("bunClock() sleeps, and stops sleeping with the signal's reason", async () => {
  const clock = bunClock();
  await clock.sleep(0);
  const ending = new AbortController();
  const sleeping = clock.sleep(60_000, ending.signal);
  ending.abort("enough");
  expect(await sleeping.catch((reason) => reason)).toBe("enough");
  expect(await clock.sleep(60_000, ending.signal).catch((reason) => reason)).toBe("enough");
});

test("bunPorts() logs requests without query, headers or body", async () => {
  using server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("ok") });
  const lines: string[] = [];
  const log = {
    debug: (message: string, fields = {}) => void lines.push(`${message} ${JSON.stringify(fields)}`),
    info() {},
    warn() {},
    error() {},
  };
  const { fetch } = bunPorts({ log });
  const url = `http://127.0.0.1:${server.port}/a?token=SECRET`;
  await fetch(
    new Request(url, { method: "POST", headers: { authorization: "Bearer SECRET" }, body: "SECRET" }),
  );
  expect(lines.join()).toContain('"status":200');
  expect(lines.join()).not.toContain("SECRET");
});
