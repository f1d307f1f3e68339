import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import type { ArgSpecs, LazyCommand } from "../../commands/_command.ts";
import { COMMANDS } from "../../commands/mod.ts";
import type { Ports } from "../../lib/ports.ts";
import { bunPorts } from "../../lib/runtime/bun/ports.ts";
import { type CliRun, runCli } from "../support/run-cli.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import type { RecordedTerminal } from "../support/terminal.ts";

/**
 * stdout is a contract: under --json exactly one document, without colour, whatever the terminal and the environment are.
 * Every command of the tree is run; no service answers, so most end in an error document, which is one too. Success on a
 * real stack is asserted in test/commands/documents.test.ts.
 */

interface Leaf {
  readonly words: readonly string[];
  readonly args: ArgSpecs;
}

async function leavesOf(
  commands: Readonly<Record<string, LazyCommand>>,
  path: readonly string[] = [],
): Promise<Leaf[]> {
  const leaves: Leaf[] = [];
  for (const [name, lazy] of Object.entries(commands)) {
    const loaded = await lazy.load();
    if ("group" in loaded) leaves.push(...(await leavesOf(loaded.group.commands, [...path, name])));
    else leaves.push({ words: [...path, name], args: loaded.spec.args });
  }
  return leaves;
}

/** What required arguments are given; anything else gets a word. */
const VALUES: Readonly<Record<string, string>> = {
  shell: "bash",
  what: "digest",
  code: "cloud#778",
  provider: "github",
  path: "/notes/a.md",
  data: "served",
};

function lineOf({ words, args }: Leaf): string[] {
  const given = Object.entries(args).flatMap(([name, spec]) => {
    if (!("required" in spec) || spec.required !== true) return [];
    const value = VALUES[name] ?? name;
    return spec.type === "positional" ? [value] : [`--${name}`, value];
  });
  return [...words, ...given];
}

/** Environments that have broken programs before. `home`: what stands in the home directory. */
const ENVIRONMENTS: Readonly<Record<string, (dir: TempDir) => Record<string, string>>> = {
  "no HOME": () => ({}),
  "proxy set": (dir) => ({
    HOME: dir.path,
    HTTP_PROXY: "http://127.0.0.1:1",
    HTTPS_PROXY: "http://127.0.0.1:1",
    ALL_PROXY: "socks5://127.0.0.1:1",
  }),
  NO_COLOR: (dir) => ({ HOME: dir.path, NO_COLOR: "true" }),
  "TERM=dumb": (dir) => ({ HOME: dir.path, TERM: "dumb", FORCE_COLOR: "3" }),
  "LANG=C": (dir) => ({ HOME: dir.path, LANG: "C", LC_ALL: "C" }),
  "old config": (dir) => {
    mkdirSync(dir.join(".relayfile"), { recursive: true });
    writeFileSync(dir.join(".relayfile/workspaces.json"), '["demo"]');
    writeFileSync(dir.join(".relayfile/credentials.json"), '{"token": 7}');
    writeFileSync(dir.join(".relayfile/cloud-credentials.json"), "{");
    return { HOME: dir.path };
  },
};

/** No service answers; the first directory that is made ends what would stay up. */
function lonely(dir: TempDir, env: Record<string, string>, stop: () => void): Ports {
  const ports = bunPorts({ env: { PATH: "/nowhere", ...env }, cwd: dir.path });
  return {
    ...ports,
    host: { ...ports.host, tempDir: dir.path },
    fetch: async () => {
      throw Object.assign(new Error("Unable to connect"), { code: "ConnectionRefused" });
    },
    fs: {
      ...ports.fs,
      makeDir: (path, mode) => {
        ports.fs.makeDir(path, mode);
        stop();
      },
    },
  };
}

async function run(
  words: readonly string[],
  env: Record<string, string>,
  tty: boolean,
  dir: TempDir,
): Promise<CliRun> {
  let terminal: RecordedTerminal | undefined;
  const stop = () => terminal?.signal("SIGINT");
  return runCli(words, lonely(dir, env, stop), {
    tty,
    env,
    onTerminal: (made) => {
      terminal = made;
      const stdout = made.stdout as { write: RecordedTerminal["stdout"]["write"] };
      const { write } = stdout;
      stdout.write = async (chunk) => {
        const open = await write(chunk);
        stop();
        return open;
      };
    },
  });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what must not be there.
const ESCAPE = /\u001b/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the same.
const COLOUR = /\u001b\[[0-9;]*m/;
const leaves = await leavesOf(COMMANDS);

describe("stdout under --json is one document without colour", () => {
  test("the tree was walked", () => {
    expect(leaves.length).toBeGreaterThan(35);
  });

  for (const [name, environment] of Object.entries(ENVIRONMENTS)) {
    for (const tty of [true, false]) {
      test(`${name}, ${tty ? "on a terminal" : "in a pipe"}`, async () => {
        for (const leaf of leaves) {
          using dir = tempDir("relayfile-purity-");
          const words = lineOf(leaf);
          const { stdout, exit } = await run([...words, "--json"], environment(dir), tty, dir);
          let kind: unknown = null;
          try {
            kind = (JSON.parse(stdout) as { kind?: unknown }).kind;
          } catch {
            kind = `not one document: ${stdout.slice(0, 200)}`;
          }
          expect([words, kind]).toEqual([words, expect.stringMatching(/^relayfile\.[a-z-]+$/)]);
          expect([words, ESCAPE.test(stdout)]).toEqual([words, false]);
          expect([words, exit === 70]).toEqual([words, false]);
        }
      }, 60_000);
    }
  }
});

describe("stdout without --json", () => {
  test("has no escape sequence in a pipe, under NO_COLOR and with a dumb terminal", async () => {
    const cases: readonly [Record<string, string>, boolean][] = [
      [{}, false],
      [{ NO_COLOR: "1" }, true],
      [{ TERM: "dumb" }, true],
    ];
    for (const [env, tty] of cases) {
      for (const leaf of leaves) {
        using dir = tempDir("relayfile-purity-");
        const words = lineOf(leaf);
        const { stdout, stderr } = await run(words, { HOME: dir.path, ...env }, tty, dir);
        expect([words, env, ESCAPE.test(stdout), COLOUR.test(stderr)]).toEqual([words, env, false, false]);
        // A line that is overwritten needs a terminal that can.
        if (!tty || env.TERM === "dumb")
          expect([words, env, ESCAPE.test(stderr)]).toEqual([words, env, false]);
      }
    }
  }, 60_000);

  test("is ASCII where the locale is, but for what it quotes", async () => {
    for (const line of [
      "doctor --offline",
      "help exit-codes",
      "schema list",
      "explain cloud#778",
      "nonsense",
    ]) {
      using dir = tempDir("relayfile-purity-");
      const { stdout, stderr } = await run(
        line.split(" "),
        { HOME: dir.path, LANG: "C", LC_ALL: "C" },
        false,
        dir,
      );
      const marks = `${stdout}${stderr}`.match(/[✓✗→·…]/g) ?? [];
      expect([line, marks.filter((mark) => mark === "✓" || mark === "✗" || mark === "→")]).toEqual([
        line,
        [],
      ]);
    }
  });
});
