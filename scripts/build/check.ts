/** Judging a directory of artifacts: names, sums, contents, and a run of the one that fits this machine. */
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ArchiveEntry, readTarGz, readZip } from "./archive.ts";
import { archiveName, type Target } from "./targets.ts";

/** Files besides the executable that every archive holds. */
export const COMPANIONS = [
  "LICENSE",
  "README.md",
  "THIRD_PARTY_LICENSES",
  "completions/_relayfile",
  "completions/relayfile.bash",
  "completions/relayfile.fish",
  "completions/relayfile.ps1",
] as const;

/** Name of the file with the sums, in the format of `sha256sum`. */
export const SUMS_FILE = "SHA256SUMS";

/** First bytes of an executable by system. */
const MAGIC: Readonly<Record<string, string>> = { linux: "7f454c46", darwin: "cffaedfe", windows: "4d5a" };

/** Name of the installer beside the archives. */
export const INSTALLER = "install.sh";

/** Hex SHA-256 of bytes. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Everything wrong with `folder`; empty when it holds exactly the targets' archives and their sums. */
export function checkArtifacts(folder: string, targets: readonly Target[], version: string): string[] {
  if (!existsSync(folder)) return [`${folder} does not exist`];
  const expected = [...targets.map((target) => archiveName(target, version)), SUMS_FILE, INSTALLER].sort();
  const found = readdirSync(folder).sort();
  const problems = [
    ...expected.filter((name) => !found.includes(name)).map((name) => `${name} is missing`),
    ...found.filter((name) => !expected.includes(name)).map((name) => `${name} does not belong here`),
  ];
  if (!found.includes(SUMS_FILE)) return problems;
  const sums = parseSums(readFileSync(join(folder, SUMS_FILE), "utf8"));
  for (const name of sums.keys())
    if (!expected.includes(name)) problems.push(`${SUMS_FILE} lists unknown ${name}`);
  for (const target of targets) {
    const name = archiveName(target, version);
    if (!found.includes(name)) continue;
    const bytes = readFileSync(join(folder, name));
    if (sums.get(name) !== sha256(bytes)) problems.push(`${name} does not match ${SUMS_FILE}`);
    else problems.push(...checkContents(target, bytes).map((problem) => `${name}: ${problem}`));
  }
  return problems;
}

/** The entries of an archive. Throws when it is damaged. */
export function readArchive(target: Target, bytes: Uint8Array): ArchiveEntry[] {
  return target.archive === "zip" ? readZip(bytes) : readTarGz(bytes);
}

/** Everything wrong with the inside of one archive. */
export function checkContents(target: Target, bytes: Uint8Array): string[] {
  let entries: ArchiveEntry[];
  try {
    entries = readArchive(target, bytes);
  } catch (error) {
    return [`cannot be read: ${error instanceof Error ? error.message : String(error)}`];
  }
  const names = entries.map(({ name }) => name).sort();
  const expected = [target.executable, ...COMPANIONS].sort();
  if (names.join() !== expected.join()) return [`holds ${names.join(", ")}; expected ${expected.join(", ")}`];
  return entries.flatMap(({ name, bytes: content, mode }) => {
    if (content.length === 0) return [`${name} is empty`];
    if (name !== target.executable) return [];
    const magic = MAGIC[target.name.split("_")[0] ?? ""] ?? "";
    const starts = Buffer.from(content.subarray(0, magic.length / 2)).toString("hex");
    return [
      ...(starts === magic ? [] : [`${name} is no executable for ${target.name}`]),
      ...(mode === 0o755 ? [] : [`${name} has mode ${mode.toString(8)}, expected 755`]),
    ];
  });
}

/**
 * Runs the executable of an archive in an empty directory beside a hostile `bunfig.toml` and `.env`, as a mirror could
 * hold them. Returns what went wrong.
 */
export function smokeRun(target: Target, archive: Uint8Array, version: string): string[] {
  const scratch = mkdtempSync(join(tmpdir(), "relayfile-smoke-"));
  try {
    const program = readArchive(target, archive).find(({ name }) => name === target.executable);
    if (program === undefined) return ["no executable in the archive"];
    const executable = join(scratch, "bin", target.executable);
    mkdirSync(join(scratch, "bin"));
    writeFileSync(executable, program.bytes);
    chmodSync(executable, 0o755);
    const cwd = join(scratch, "hostile");
    mkdirSync(cwd);
    writeHostileFiles(cwd);
    const run = (...words: string[]) => {
      const env = { PATH: process.env.PATH ?? "", HOME: join(scratch, "home") };
      const { exitCode, stdout, stderr } = Bun.spawnSync([executable, ...words], { cwd, env });
      return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
    };
    const problems: string[] = [];
    const shown = run("--version");
    if (shown.exitCode !== 0 || !shown.stdout.startsWith(`relayfile ${version}`)) {
      problems.push(`--version gave exit ${shown.exitCode}: ${shown.stdout}${shown.stderr}`);
    }
    const json = run("version", "--json");
    if (json.exitCode !== 0 || !json.stdout.includes('"relayfile.version"') || json.stderr !== "") {
      problems.push(`version --json gave exit ${json.exitCode}: ${json.stdout}${json.stderr}`);
    }
    const wrong = run("no-such-command");
    if (wrong.exitCode !== 2 || wrong.stdout !== "")
      problems.push(`an unknown command gave exit ${wrong.exitCode}`);
    return problems;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Files that would take over a program that reads configuration from its working directory. */
export function writeHostileFiles(folder: string): void {
  writeFileSync(join(folder, "bunfig.toml"), 'preload = ["./evil.ts"]\n[run]\nsilent = true\n');
  writeFileSync(join(folder, "evil.ts"), 'console.log("EVIL PRELOAD RAN"); process.exit(99);\n');
  writeFileSync(
    join(folder, ".env"),
    "RELAYFILE_HOME=/evil\nRELAYFILE_BASE_URL=http://evil.invalid\nRELAYFILE_TOKEN=evil\nFORCE_COLOR=3\nBUN_BE_BUN=1\n",
  );
  writeFileSync(join(folder, "package.json"), '{"name":"evil","version":"99.0.0"}\n');
  writeFileSync(join(folder, "tsconfig.json"), '{"compilerOptions":{"paths":{"*":["./evil.ts"]}}}\n');
}

function parseSums(text: string): Map<string, string> {
  const lines = text.split("\n").filter((line) => line !== "");
  return new Map(lines.map((line) => [line.slice(66), line.slice(0, 64)]));
}
