/**
 * Builds the archives of a release: `bun scripts/build-binaries.ts [--target NAME|host]... [--out DIR] [--check]`.
 * The same commit gives the same bytes. `--check` builds nothing and judges what is in the directory. The installer beside
 * the archives knows its release from RELAYFILE_RELEASES, when that is set.
 */
import {
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
import { parseArgs } from "node:util";
import { COMMANDS } from "../commands/mod.ts";
import { messageOf } from "../lib/errors.ts";
import { completionScript } from "../lib/ui/completion/mod.ts";
import { commandOutline } from "../lib/ui/completion/outline.ts";
import { VERSION } from "../lib/version.ts";
import { type ArchiveEntry, writeTarGz, writeZip } from "./build/archive.ts";
import { checkArtifacts, INSTALLER, SUMS_FILE, sha256, smokeRun } from "./build/check.ts";
import { type BuildFacts, compile, ENTRY, ROOT } from "./build/compile.ts";
import { thirdPartyLicenses } from "./build/licenses.ts";
import { archiveName, hostTarget, TARGETS, type Target } from "./build/targets.ts";

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const values = readFlags();
const isMusl = existsSync(`/lib/ld-musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`);
const host = hostTarget(process.platform, process.arch, isMusl && !existsSync("/lib64/ld-linux-x86-64.so.2"));
const targets = values.target.length === 0 ? TARGETS : values.target.map(targetNamed);
if (!values.check) await buildAll(targets, values.out);
const problems = judge(targets, values.out);
for (const problem of problems) say(`FAIL ${problem}`);
say(
  problems.length === 0 ? `ok: ${targets.length} archives in ${values.out}` : `${problems.length} problems`,
);
process.exit(problems.length === 0 ? 0 : 1);

function readFlags() {
  try {
    const { values } = parseArgs({
      options: {
        target: { type: "string", multiple: true, default: [] },
        out: { type: "string", default: join(ROOT, "dist") },
        check: { type: "boolean", default: false },
      },
    });
    return values;
  } catch (error) {
    say(
      `${messageOf(error)}\nusage: bun scripts/build-binaries.ts [--target NAME|host]... [--out DIR] [--check]`,
    );
    return process.exit(2);
  }
}

function targetNamed(name: string): Target {
  const target = name === "host" ? host : TARGETS.find((each) => each.name === name);
  if (target) return target;
  say(`unknown target ${name}; known: host, ${TARGETS.map((each) => each.name).join(", ")}`);
  return process.exit(2);
}

async function buildAll(wanted: readonly Target[], out: string): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), "relayfile-build-"));
  try {
    mkdirSync(out, { recursive: true });
    for (const name of readdirSync(out)) {
      if (/^relayfile_.*\.(tar\.gz|zip)$/.test(name) || name === SUMS_FILE) rmSync(join(out, name));
    }
    const companions = await companionFiles();
    const source = sourceFacts();
    const sums: string[] = [];
    for (const target of wanted) {
      const outfile = join(scratch, target.name, target.executable);
      mkdirSync(join(scratch, target.name));
      await compile({ entry: ENTRY, outfile, target: target.bun, build: { ...source, target: target.name } });
      const entries = [{ name: target.executable, bytes: readFileSync(outfile), mode: 0o755 }, ...companions];
      const archive = target.archive === "zip" ? writeZip(entries) : writeTarGz(entries);
      const name = archiveName(target, VERSION);
      writeFileSync(join(out, name), archive);
      sums.push(`${sha256(archive)}  ${name}`);
      say(`${name}  ${(archive.length / 1e6).toFixed(1)} MB`);
      rmSync(join(scratch, target.name), { recursive: true });
    }
    writeFileSync(
      join(out, SUMS_FILE),
      `${sums.sort((a, b) => a.slice(66).localeCompare(b.slice(66))).join("\n")}\n`,
    );
    const installer = readFileSync(join(ROOT, "scripts", INSTALLER), "utf8");
    const releases = process.env.RELAYFILE_RELEASES ?? "@RELEASES@";
    writeFileSync(join(out, INSTALLER), installer.replace("@RELEASES@", releases), { mode: 0o755 });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function judge(wanted: readonly Target[], out: string): string[] {
  const found = checkArtifacts(out, wanted, VERSION);
  if (found.length > 0 || host === null || !wanted.includes(host)) return found;
  const name = archiveName(host, VERSION);
  return smokeRun(host, readFileSync(join(out, name)), VERSION).map((problem) => `${name}: ${problem}`);
}

async function companionFiles(): Promise<ArchiveEntry[]> {
  const outline = await commandOutline(COMMANDS);
  const text = (name: string, content: string): ArchiveEntry => ({
    name,
    bytes: Buffer.from(content),
    mode: 0o644,
  });
  const fromRoot = (name: string) => text(name, readFileSync(join(ROOT, name), "utf8"));
  return [
    fromRoot("LICENSE"),
    fromRoot("README.md"),
    text("THIRD_PARTY_LICENSES", thirdPartyLicenses(ROOT)),
    text("completions/relayfile.bash", completionScript("bash", outline)),
    text("completions/_relayfile", completionScript("zsh", outline)),
    text("completions/relayfile.fish", completionScript("fish", outline)),
    text("completions/relayfile.ps1", completionScript("powershell", outline)),
  ];
}

/** Commit and its time, so that a rebuild of the same commit gives the same bytes. */
function sourceFacts(): Omit<BuildFacts, "target"> {
  const git = (...words: string[]) =>
    Bun.spawnSync(["git", ...words], { cwd: ROOT })
      .stdout.toString()
      .trim();
  const seconds = Number(process.env.SOURCE_DATE_EPOCH ?? git("show", "-s", "--format=%ct", "HEAD"));
  const builtAt =
    Number.isFinite(seconds) && seconds > 0 ? new Date(seconds * 1_000).toISOString() : "unknown";
  return { commit: git("rev-parse", "HEAD") || "unknown", builtAt };
}
