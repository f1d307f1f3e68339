import { expect, test } from "bun:test";
import { styleOf } from "../../../lib/ui/style.ts";
import { columns, wrap } from "../../../lib/ui/text.ts";

function style(options: { env?: Record<string, string>; tty?: boolean; columns?: number; color?: boolean }) {
  const screen = { isTty: options.tty ?? false, columns: options.columns ?? null };
  return styleOf({ env: options.env ?? {}, screen, globals: { color: options.color ?? true, json: false } });
}

test.each([
  ["a terminal has colour", { tty: true }, true],
  ["a pipe has none", { tty: false }, false],
  ["NO_COLOR with any value turns it off", { tty: true, env: { NO_COLOR: "yes" } }, false],
  ["an empty NO_COLOR does nothing", { tty: true, env: { NO_COLOR: "" } }, true],
  ["FORCE_COLOR turns it on in a pipe", { env: { FORCE_COLOR: "1" } }, true],
  ["FORCE_COLOR=0 turns it off", { tty: true, env: { FORCE_COLOR: "0" } }, false],
  ["NO_COLOR wins over FORCE_COLOR", { env: { NO_COLOR: "1", FORCE_COLOR: "1" } }, false],
  ["--no-color wins over FORCE_COLOR", { color: false, env: { FORCE_COLOR: "1" } }, false],
  ["a dumb terminal has none", { tty: true, env: { TERM: "dumb" } }, false],
])("styleOf(): %s", (_, options, colored) => {
  expect(style(options).red("x") !== "x").toBe(colored);
});

test.each([
  [{}, "✓"],
  [{ LANG: "C" }, "[ok]"],
  [{ LANG: "C", LC_ALL: "en_US.UTF-8" }, "✓"],
  [{ LC_CTYPE: "de_DE.utf8", LANG: "C" }, "✓"],
  [{ OS: "Windows_NT" }, "[ok]"],
])("styleOf() marks a pass under %p as %p", (env, mark) => {
  expect(style({ env }).mark("pass")).toBe(mark);
});

test("styleOf() takes the width of the terminal, then COLUMNS, then 100", () => {
  expect(style({ tty: true, columns: 40 }).width).toBe(40);
  expect(style({ env: { COLUMNS: "60" } }).width).toBe(60);
  expect(style({ env: { COLUMNS: "wide" } }).width).toBe(100);
});

test("wrap() breaks at words and never loses one", () => {
  expect(wrap("one two three", 8)).toEqual(["one two", "three"]);
  expect(wrap("extraordinarily a", 5)).toEqual(["extraordinarily", "a"]);
});

test("columns() stays inside 40 columns", () => {
  const text = columns([["--remote-path PATH", "Only this part of the workspace, given once for each"]], 40);
  expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(40);
});
