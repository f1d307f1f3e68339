import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { type ArchiveEntry, readTarGz, readZip, writeTarGz, writeZip } from "../../scripts/build/archive.ts";
import {
  COMPANIONS,
  checkArtifacts,
  checkContents,
  INSTALLER,
  SUMS_FILE,
  sha256,
  smokeRun,
} from "../../scripts/build/check.ts";
import { thirdPartyLicenses } from "../../scripts/build/licenses.ts";
import { archiveName, hostTarget, TARGETS, type Target } from "../../scripts/build/targets.ts";
import { tempDir } from "../support/temp-dir.ts";
import { toolWanted } from "../support/tools.ts";

const root = dirname(dirname(import.meta.dir));
const box = tempDir();
afterAll(() => box.remove());

const bytes = (text: string) => new TextEncoder().encode(text);
const FILES: readonly ArchiveEntry[] = [
  { name: "relayfile", bytes: bytes("#!/bin/sh\necho hi\n"), mode: 0o755 },
  { name: "completions/_relayfile", bytes: bytes("x".repeat(1_500)), mode: 0o644 },
  { name: "empty", bytes: new Uint8Array(), mode: 0o644 },
];
const plain = (entries: readonly ArchiveEntry[]) =>
  entries.map(({ name, mode, bytes: content }) => [name, mode, new TextDecoder().decode(content)]);

describe("archives", () => {
  test("readTarGz() gives back what writeTarGz() wrote, and the same input gives the same bytes", () => {
    expect(plain(readTarGz(writeTarGz(FILES)))).toEqual(plain(FILES));
    expect(sha256(writeTarGz(FILES))).toBe(sha256(writeTarGz(FILES)));
  });

  test("readZip() gives back what writeZip() wrote", () => {
    expect(plain(readZip(writeZip(FILES)))).toEqual(plain(FILES));
  });

  test("the system's tar unpacks writeTarGz() with modes", () => {
    const archive = box.join("a.tar.gz");
    const out = box.join("out");
    writeFileSync(archive, writeTarGz(FILES));
    mkdirSync(out);
    const run = Bun.spawnSync(["tar", "-xzf", archive, "-C", out]);
    expect([run.exitCode, run.stderr.toString()]).toEqual([0, ""]);
    expect(statSync(`${out}/relayfile`).mode & 0o777).toBe(0o755);
    expect(statSync(`${out}/completions/_relayfile`).size).toBe(1_500);
  });

  test.if(toolWanted("python3"))("another reader accepts writeZip()", () => {
    const archive = box.join("a.zip");
    writeFileSync(archive, writeZip(FILES));
    const script =
      "import sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print(','.join(z.namelist()))";
    const run = Bun.spawnSync(["python3", "-c", script, archive]);
    expect([run.stdout.toString().trim(), run.stderr.toString()]).toEqual([
      "relayfile,completions/_relayfile,empty",
      "",
    ]);
  });

  test("a changed byte is noticed", () => {
    const zip = Buffer.from(writeZip(FILES));
    zip[45] = (zip[45] ?? 0) ^ 0xff;
    expect(() => readZip(zip)).toThrow();
  });
});

describe("checkArtifacts()", () => {
  const target = TARGETS[0] as Target;
  const contents = (change: Partial<ArchiveEntry> = {}): ArchiveEntry[] => [
    { name: "relayfile", bytes: Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 1]), mode: 0o755, ...change },
    ...COMPANIONS.map((name) => ({ name, bytes: bytes("x"), mode: 0o644 })),
  ];
  function folder(name: string, entries: readonly ArchiveEntry[], sums?: string): string {
    const path = box.join(name);
    mkdirSync(path);
    const archive = writeTarGz(entries);
    const file = archiveName(target, "1.2.3");
    writeFileSync(`${path}/${file}`, archive);
    writeFileSync(`${path}/${INSTALLER}`, "#!/bin/sh\n");
    writeFileSync(`${path}/${SUMS_FILE}`, sums ?? `${sha256(archive)}  ${file}\n`);
    return path;
  }
  const check = (path: string) => checkArtifacts(path, [target], "1.2.3");

  test("accepts a complete directory", () => {
    expect(check(folder("good", contents()))).toEqual([]);
  });

  test("names what is missing, what does not belong and what does not match", () => {
    const path = folder("bad", contents(), `${"0".repeat(64)}  relayfile_1.2.3_linux_x64.tar.gz\n`);
    writeFileSync(`${path}/notes.txt`, "x");
    expect(check(path)).toEqual([
      "notes.txt does not belong here",
      "relayfile_1.2.3_linux_x64.tar.gz does not match SHA256SUMS",
    ]);
    expect(check(box.join("nowhere"))[0]).toEndWith("does not exist");
  });

  test.each([
    ["a program for another system", { bytes: bytes("MZ..") }, "is no executable for linux_x64"],
    ["a program that cannot be run", { mode: 0o644 }, "has mode 644"],
    ["an empty program", { bytes: new Uint8Array() }, "is empty"],
    ["another file name", { name: "relayfile.bin" }, "holds "],
  ])("refuses %s", (_, change, message) => {
    expect(checkContents(target, writeTarGz(contents(change))).join()).toContain(message);
  });

  test("refuses bytes that are no archive", () => {
    expect(checkContents(target, bytes("hello")).join()).toContain("cannot be read");
  });

  test.if(process.platform === "linux")("smokeRun() reports a program that misbehaves", () => {
    const script = bytes("#!/bin/sh\necho wrong; exit 9\n");
    expect(smokeRun(target, writeTarGz(contents({ bytes: script })), "1.2.3").length).toBe(3);
  });
});

test("hostTarget() knows every platform of the release and no other", () => {
  expect(hostTarget("linux", "x64", true)?.name).toBe("linux_x64_musl");
  expect(hostTarget("win32", "x64", false)?.archive).toBe("zip");
  expect(hostTarget("darwin", "arm64", false)?.bun).toBe("bun-darwin-arm64");
  expect(hostTarget("freebsd", "x64", false)).toBeNull();
});

test("thirdPartyLicenses() holds a text for every production dependency and for the runtime", async () => {
  const text = thirdPartyLicenses(root);
  const { dependencies } = await Bun.file(`${root}/package.json`).json();
  for (const name of Object.keys(dependencies))
    expect(text).toContain(`\n${name} `.slice(text.startsWith(name) ? 1 : 0));
  expect(text).toContain(`Bun ${Bun.version}`);
});
