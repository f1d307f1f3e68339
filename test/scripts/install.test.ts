import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeTarGz } from "../../scripts/build/archive.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { toolWanted } from "../support/tools.ts";

const SCRIPT = join(import.meta.dir, "../../scripts/install.sh");
const SHELLS = [["dash"], ["busybox", "sh"], ["bash", "--posix"]].filter(([name = ""]) => toolWanted(name));
const TARGETS = [
  "linux_x64",
  "linux_arm64",
  "linux_x64_musl",
  "linux_arm64_musl",
  "darwin_x64",
  "darwin_arm64",
];

const directories: TempDir[] = [];
let release = "";

function directory(): string {
  const made = tempDir();
  directories.push(made);
  return made.path;
}

afterAll(() => {
  for (const made of directories) made[Symbol.dispose]();
});

/** A release of tiny archives, real in every other respect. */
beforeAll(() => {
  release = directory();
  const program = Buffer.from("#!/bin/sh\necho relayfile 9.9.9\n");
  const archive = writeTarGz([{ name: "relayfile", bytes: program, mode: 0o755 }]);
  const sum = createHash("sha256").update(archive).digest("hex");
  const names = TARGETS.map((target) => `relayfile_9.9.9_${target}.tar.gz`);
  for (const name of names) writeFileSync(join(release, name), archive);
  writeFileSync(join(release, "SHA256SUMS"), names.map((name) => `${sum}  ${name}\n`).join(""));
});

function install(shell: readonly string[], words: readonly string[], env: Record<string, string> = {}) {
  const home = directory();
  const run = Bun.spawnSync([...shell, SCRIPT, ...words], {
    cwd: home,
    env: { PATH: process.env.PATH ?? "", HOME: home, TMPDIR: home, ...env },
  });
  return { home, exitCode: run.exitCode, stdout: run.stdout.toString(), stderr: run.stderr.toString() };
}

describe.each(SHELLS.map((words) => words.join(" ")))("install.sh under %s", (words) => {
  const shell = words.split(" ");

  test("installs a verified executable into ~/.local/bin and leaves nothing else", () => {
    const run = install(shell, ["--from", release]);
    expect(run.stderr).toBe("");
    expect(run.stdout).toContain("installed relayfile 9.9.9");
    expect(run.stdout).toContain("no shell files were changed");
    expect(readdirSync(run.home)).toEqual([".local"]);
    expect(readdirSync(join(run.home, ".local/bin"))).toEqual(["relayfile"]);
  });

  test("refuses an archive whose bytes differ from SHA256SUMS and installs nothing", () => {
    const tampered = directory();
    for (const name of readdirSync(release)) {
      const bytes = readFileSync(join(release, name));
      writeFileSync(
        join(tampered, name),
        name === "SHA256SUMS" ? bytes : Buffer.concat([bytes, Buffer.from("x")]),
      );
    }
    const run = install(shell, ["--from", tampered]);
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toContain("nothing was installed");
    expect(readdirSync(run.home)).toEqual([]);
  });

  test("only says what it would do under --dry-run", () => {
    const run = install(shell, ["--dry-run"], { RELAYFILE_RELEASES: release });
    expect(run.stdout).toStartWith("would install relayfile_9.9.9_");
    expect(readdirSync(run.home)).toEqual([]);
  });

  test("replaces an executable and keeps others in the directory", () => {
    const target = directory();
    writeFileSync(join(target, "relayfile"), "old");
    writeFileSync(join(target, "other"), "kept");
    chmodSync(join(target, "relayfile"), 0o755);
    expect(install(shell, ["--from", release, "--dir", target]).exitCode).toBe(0);
    expect(readdirSync(target).sort()).toEqual(["other", "relayfile"]);
    expect(readFileSync(join(target, "relayfile"), "utf8")).toContain("9.9.9");
  });

  test.each([
    [["--from", "there-is-nothing"], 1, "cannot read there-is-nothing/SHA256SUMS"],
    [["--bogus"], 2, "unknown option --bogus"],
    [["--dir"], 2, "--dir needs a value"],
    [[], 2, "no release is named"],
  ])("answers %j with exit %d", (argv, exitCode, message) => {
    const run = install(shell, argv);
    expect(run.exitCode).toBe(exitCode);
    expect(run.stderr).toContain(message);
  });

  test("names the machine when the release has no archive for it", () => {
    const empty = directory();
    writeFileSync(join(empty, "SHA256SUMS"), "");
    expect(install(shell, ["--from", empty]).stderr).toMatch(/no archive for (linux|darwin)_/);
  });
});

test("there is a shell to test the installer with", () => {
  expect(SHELLS.length).toBeGreaterThan(0);
  expect(existsSync(SCRIPT)).toBe(true);
});
