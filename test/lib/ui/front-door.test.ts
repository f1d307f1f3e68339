import { describe, expect, test } from "bun:test";
import {
  type CommandContext,
  type CommandResult,
  command,
  group,
  type LazyCommand,
} from "../../../commands/_command.ts";
import {
  ErrorDocumentSchema,
  HelpDocumentSchema,
  VersionDocumentSchema,
} from "../../../commands/_documents.ts";
import { fail } from "../../../lib/errors.ts";
import type { Ports } from "../../../lib/ports.ts";
import { type Program, runFrontDoor } from "../../../lib/ui/front-door.ts";
import { FakeClock, settle } from "../../support/clock.ts";
import { recordedTerminal } from "../../support/terminal.ts";

const OK: CommandResult = { document: { schemaVersion: "1.0", kind: "relayfile.thing" }, exit: "PASS" };

/** A program with one command `do`, an alias `act`, and a group `things`. */
function program(
  run: (args: Record<string, unknown>, context: CommandContext) => Promise<CommandResult> = async () => OK,
  clock = new FakeClock(),
): Program {
  const leaf = command({
    name: "do",
    description: "Do it",
    args: {
      what: { type: "positional", description: "What" },
      "op-id": { type: "string", description: "Op" },
    },
    examples: [["relayfile do", "does it"]],
    run,
  });
  const things = group({
    name: "things",
    description: "Things",
    commands: { list: { description: "List", load: async () => leaf } },
  });
  const commands: Record<string, LazyCommand> = {
    do: { description: "Do it", aliases: ["act"], load: async () => leaf },
    things: { description: "Things", load: async () => things },
  };
  return {
    commands,
    sections: [{ title: "All", commands }],
    openPorts: async ({ log }) => ({ clock, log }) as unknown as Ports,
  };
}

async function run(line: string, ...rest: Parameters<typeof program>) {
  const terminal = recordedTerminal(line === "" ? [] : line.split(" "));
  const exit = await runFrontDoor(terminal, program(...rest));
  return { exit, ...terminal.text };
}

describe("runFrontDoor()", () => {
  test("passes parsed arguments and global flags from anywhere on the line", async () => {
    const seen: unknown[] = [];
    const spy = async (args: Record<string, unknown>, { globals }: CommandContext) => {
      seen.push(args["op-id"], args.what, globals);
      return OK;
    };
    const { exit, stdout } = await run("--json -vv do --opId x it --quiet --no-color --timeout 5s", spy);
    expect(exit).toBe(0);
    expect(seen).toEqual([
      "x",
      "it",
      { json: true, quiet: true, verbosity: 2, color: false, input: true, timeoutMs: 5_000 },
    ]);
    expect(JSON.parse(stdout)).toEqual(OK.document);
  });

  test.each(["act", "things list", "--json things list x", "do -- --json"])("finds `%s`", async (line) => {
    expect((await run(line)).exit).toBe(0);
  });

  test("lets a command take over a global flag's name", async () => {
    const leaf = command({
      name: "do",
      description: "",
      args: { timeout: { type: "duration", description: "per cycle" } },
      examples: [],
      run: async ({ timeout }, { globals }) => {
        expect([timeout, globals.timeoutMs]).toEqual([15_000, null]);
        return OK;
      },
    });
    const commands = { do: { description: "", load: async () => leaf } };
    const terminal = recordedTerminal(["do", "--timeout", "15s"]);
    expect(await runFrontDoor(terminal, { ...program(), commands })).toBe(0);
  });

  test.each([
    ["dp", 'unknown command "dp" (did you mean do?)'],
    ["things lst", 'unknown command "things lst" (did you mean list?)'],
    ["things", "relayfile things needs a command: list"],
    ["do --opid2 x", "unknown flag --opid2 (did you mean --op-id?)"],
    ["do a b", 'unexpected argument "b"'],
    ["--opId x do", "unknown flag --opId before the command"],
    ["--timeout do", '--timeout is "do", expected a duration such as 500ms, 30s or 1m30s'],
    ["do --timeout soon", '--timeout is "soon", expected a duration such as 500ms, 30s or 1m30s'],
  ])("refuses `%s` with exit 2, a hint, and one document under --json", async (line, message) => {
    const text = await run(line);
    expect(text).toMatchObject({ exit: 2, stdout: "" });
    expect(text.stderr).toStartWith(`error: ${message}\n  → `);
    const json = await run(`--json ${line}`);
    expect(json).toMatchObject({ exit: 2, stderr: "" });
    const document = ErrorDocumentSchema.parse(JSON.parse(json.stdout));
    expect(document.error).toMatchObject({ code: "usage", exit: "USAGE", exitCode: 2 });
  });

  test("prints an expected failure in one line without a stack", async () => {
    const { exit, stderr } = await run("do", async () => fail("not_signed_in", "no token was found"));
    expect(exit).toBe(4);
    expect(stderr).toBe("error: no token was found\n  → relayfile login\n");
  });

  test("prints the stack of a bug and exits 70", async () => {
    const { exit, stderr } = await run("do", async () => {
      throw new TypeError("x is not y");
    });
    expect(exit).toBe(70);
    expect(stderr).toContain("error: unexpected failure: x is not y");
    expect(stderr).toContain("front-door.test.ts");
  });

  test("gives a failure under --json its details, correlation id and runnable next command", async () => {
    const { stdout } = await run("do --json", async () =>
      fail("not_found", "no file /a", { path: "/a", correlationId: "rf_1", hint: "relayfile tree --json" }),
    );
    const { error } = ErrorDocumentSchema.parse(JSON.parse(stdout));
    expect(error).toMatchObject({
      exitCode: 1,
      correlationId: "rf_1",
      details: { path: "/a" },
      next: [{ argv: ["relayfile", "tree", "--json"], safe: true }],
    });
  });

  test("keeps secrets out of a failure, whoever put them there", async () => {
    const terminal = recordedTerminal(["do", "--json"], { env: { SOME_API_KEY: "opensesame42" } });
    await runFrontDoor(
      terminal,
      program(async () =>
        fail("unexpected_answer", "server said opensesame42 to Bearer abcdefghijkl", {
          password: "p4ssw0rd",
        }),
      ),
    );
    expect(terminal.text.stdout).toContain("[redacted:");
    expect(terminal.text.stdout).not.toMatch(/opensesame42|abcdefghijkl|p4ssw0rd/);
  });

  test("offers no next command when the hint has a placeholder", async () => {
    const { stdout } = await run("do --json", async () => fail("unauthorized", "no"));
    expect(ErrorDocumentSchema.parse(JSON.parse(stdout)).error.next).toEqual([]);
  });

  test("prints the document of a command that is ready, and not the final one", async () => {
    const ready = { schemaVersion: "1.0", kind: "relayfile.ready" } as const;
    const { stdout } = await run("do --json", async (_, context) => {
      context.ready(ready);
      return OK;
    });
    expect(JSON.parse(stdout)).toEqual(ready);
  });

  test("reports a failure after the ready document on stderr, keeping stdout one document", async () => {
    const { stdout, stderr, exit } = await run("do --json", async (_, context) => {
      context.ready({ schemaVersion: "1.0", kind: "relayfile.ready" });
      await settle();
      return fail("io_error", "disk full");
    });
    expect(JSON.parse(stdout).kind).toBe("relayfile.ready");
    expect(stderr).toContain("disk full");
    expect(exit).toBe(6);
  });

  test("shows progress to a person at a terminal only", async () => {
    for (const [line, tty, shown] of [
      ["do", true, "working\n"],
      ["do", false, ""],
      ["do --quiet", true, ""],
      ["do --json", true, ""],
    ] as const) {
      const terminal = recordedTerminal(line.split(" "), { tty, env: { NO_COLOR: "1" } });
      await runFrontDoor(
        terminal,
        program(async (_, { progress }) => {
          progress?.("working");
          return OK;
        }),
      );
      expect(terminal.text.stderr).toBe(shown);
    }
  });

  test("streams raw bytes instead of a document", async () => {
    const { stdout } = await run("do", async (_, context) => {
      context.write("raw ");
      context.write(new TextEncoder().encode("bytes"));
      return OK;
    });
    expect(stdout).toBe("raw bytes");
  });

  test("aborts the command at the first signal and ends at once at the second", async () => {
    const terminal = recordedTerminal(["do"]);
    const running = runFrontDoor(
      terminal,
      program(
        (_, { signal }) =>
          new Promise((_, reject) =>
            signal.addEventListener("abort", () => queueMicrotask(() => reject(signal.reason))),
          ),
      ),
    );
    while (terminal.exitedNow.length === 0) {
      terminal.signal("SIGINT");
      terminal.signal("SIGINT");
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await running).toBe(130);
    expect(terminal.exitedNow[0]).toBe(130);
  });

  test("exits 143 after SIGTERM, and 0 when the command stops cleanly by itself", async () => {
    for (const [clean, code] of [
      [false, 143],
      [true, 0],
    ] as const) {
      const terminal = recordedTerminal(["do"]);
      const exit = await runFrontDoor(
        terminal,
        program(async (_, { signal }) => {
          terminal.signal("SIGTERM");
          if (!clean) signal.throwIfAborted();
          return OK;
        }),
      );
      expect(exit).toBe(code);
    }
  });

  test("ends a command that ignores its --timeout after a grace period", async () => {
    const clock = new FakeClock();
    const terminal = recordedTerminal(["do", "--timeout", "1s"]);
    let started = () => {};
    const begun = new Promise<void>((resolve) => {
      started = resolve;
    });
    const running = runFrontDoor(
      terminal,
      program(() => {
        started();
        return new Promise(() => {});
      }, clock),
    );
    await begun;
    await clock.advance(10_000);
    expect(await running).toBe(3);
    expect(terminal.text.stderr).toContain("longer than 1000 ms");
  });

  test("ends quietly when nobody reads stdout any more", async () => {
    const terminal = recordedTerminal(["do"], { closed: true });
    const exit = await runFrontDoor(
      terminal,
      program(async (_, { signal, write }) => {
        write("x");
        await settle();
        signal.throwIfAborted();
        return OK;
      }),
    );
    expect([exit, terminal.text.stderr]).toEqual([0, ""]);
  });

  test("shows help for the program, a group and a command, with exit 0 in both forms", async () => {
    for (const line of ["--help", "things -h", "do --help --nonsense", "things list --help"]) {
      const text = await run(line);
      expect([text.exit, text.stderr]).toEqual([0, ""]);
      expect(text.stdout).toContain("Usage: relayfile");
      HelpDocumentSchema.parse(JSON.parse((await run(`--json ${line}`)).stdout));
    }
  });

  test("shows the version and the start page", async () => {
    expect((await run("--version")).stdout).toMatch(/^relayfile \d+\.\d+\.\d+/);
    VersionDocumentSchema.parse(JSON.parse((await run("-V --json")).stdout));
    expect((await run("")).stdout).toContain("relayfile demo");
    expect((await run("--json")).exit).toBe(0);
  });
});
