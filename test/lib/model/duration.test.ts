import { expect, test } from "bun:test";
import { formatDuration, parseDuration } from "../../../lib/model/duration.ts";

test.each([
  ["0", 0],
  ["300ms", 300],
  ["1m30s", 90_000],
  ["1.5h", 5_400_000],
  [".5s", 500],
  ["1h2m3s4ms", 3_723_004],
  ["-5s", -5_000],
  ["1us", 0],
])("parseDuration(%p) is %p ms", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(["", "5", "s", "5 s", "5d", "1s2", "--5s", "1e3s"])("parseDuration(%p) is null", (text) => {
  expect(parseDuration(text)).toBeNull();
});

test.each([
  [41, "41 ms"],
  [3_140, "3.1 s"],
  [18_400, "18 s"],
  [12 * 60_000, "12 min"],
  [5 * 3_600_000, "5 h"],
  [-3 * 86_400_000, "-3 d"],
])("formatDuration(%p) is %p", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
