import { expect, test } from "bun:test";
import { exemptLoopback } from "../../../../lib/runtime/bun/proxy.ts";

const after = (env: Record<string, string>) => {
  const copy: Record<string, string | undefined> = { ...env };
  exemptLoopback(copy);
  return copy;
};

test("exemptLoopback() changes nothing without a proxy", () => {
  expect(after({ NO_PROXY: "a.example" })).toEqual({ NO_PROXY: "a.example" });
});

test("exemptLoopback() adds loopback to the exceptions that count, in both spellings", () => {
  const all = "a.example,127.0.0.1,localhost,::1";
  expect(after({ http_proxy: "http://p:1", NO_PROXY: "b.example", no_proxy: "a.example" })).toMatchObject({
    NO_PROXY: all,
    no_proxy: all,
  });
  expect(after({ HTTPS_PROXY: "http://p:1", NO_PROXY: "localhost" }).no_proxy).toBe(
    "localhost,127.0.0.1,::1",
  );
});
