/** The original's own daemon against the embedded stack; against Workers it runs in `test/deep`. */
import { expect, test } from "bun:test";
import { testStack } from "../support/stack.ts";
import { testOriginalDaemon } from "./daemon-suite.ts";
import { daemonBinary } from "./original-daemon.ts";

test("the daemon's package is installed where this platform has one", () => {
  const supported = process.platform === "linux" && process.arch === "x64";
  expect(daemonBinary() !== null).toBe(supported);
});

testOriginalDaemon("on the embedded stack", testStack);
