import { expect, test } from "bun:test";
import { createLog, fieldWords, logLevel } from "../../../lib/ui/log.ts";
import { recordedTerminal } from "../../support/terminal.ts";

async function shown(globals: { quiet: boolean; verbosity: number }): Promise<string> {
  const terminal = recordedTerminal([]);
  const log = createLog(terminal.stderr, logLevel(globals), { MY_TOKEN: "hunter2-hunter2" });
  log.debug("a");
  log.info("b", { path: "/x y", n: 3 });
  log.warn("c");
  log.error("d");
  await log.flush();
  expect(terminal.text.stdout).toBe("");
  return terminal.text.stderr;
}

test("createLog() shows warnings and errors by default, in order, on stderr only", async () => {
  expect(await shown({ quiet: false, verbosity: 0 })).toBe("warn c\nerror d\n");
});

test("createLog() adds information for -v and debugging for -vv", async () => {
  expect(await shown({ quiet: false, verbosity: 1 })).toBe('info b path="/x y" n=3\nwarn c\nerror d\n');
  expect(await shown({ quiet: false, verbosity: 2 })).toStartWith("debug a\n");
});

test("createLog() says nothing under --quiet", async () => {
  expect(await shown({ quiet: true, verbosity: 2 })).toBe("");
});

test("fieldWords() leaves out what is absent and quotes what would be ambiguous", () => {
  expect(fieldWords({ a: 1, b: null, c: undefined, d: "", e: 'say "x"' })).toEqual([
    "a=1",
    'd=""',
    'e="say \\"x\\""',
  ]);
});

test("createLog() keeps secrets out of every line", async () => {
  const terminal = recordedTerminal([]);
  const log = createLog(terminal.stderr, 4, { MY_TOKEN: "hunter2-hunter2" });
  log.error("refused", { header: "Bearer abcdefghijklmnop", value: "hunter2-hunter2" });
  await log.flush();
  expect(terminal.text.stderr).toMatch(/^error refused header=.*redacted:bearer.*redacted:env/);
  expect(terminal.text.stderr).not.toMatch(/hunter2|abcdefghijklmnop/);
});
