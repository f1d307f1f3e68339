import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { HostileRig, type PassEnd } from "../support/hostile-rig.ts";

/** The files and directories of the runtime area and of the private state, relative to home. */
const FILES = [
  "mirror/.relay/state.json",
  "mirror/.relay/outbox/capabilities.json",
  "mirror/.relay/outbox/pending/NAME",
  "mirror/.relay/outbox/acked/NAME",
  "mirror/.relay/outbox/failed/NAME",
  "mirror/.relay/outbox/attention/NAME",
  "mirror/.relay/dead-letter/NAME",
  "mirror/.relay/dead-letter/x.error.json",
  "mirror/.relay/conflicts/a.md.rev_1.local",
  "mirror/.relay/pending-deletes/NAME",
  "mirror/.relay/mount.lock",
  "mirror/.relay/mount.pid",
  "mirror/.relay/permissions-denied.log",
  "mirror/.relayfile-mount-state.json",
  "STATE/state.db",
  "STATE/state.db-wal",
  "STATE/running",
] as const;
const DIRECTORIES = [
  "mirror/.relay/outbox",
  "mirror/.relay/outbox/pending",
  "mirror/.relay/outbox/acked",
  "mirror/.relay/outbox/failed",
  "mirror/.relay/outbox/attention",
  "mirror/.relay/dead-letter",
  "mirror/.relay/conflicts",
  "mirror/.relay/conflicts/resolved",
  "mirror/.relay/pending-deletes",
  "mirror/.relay/staging",
  "mirror/.relay",
] as const;

/** What happens to one of them. */
const HARM: Readonly<Record<string, (path: string, rig: HostileRig) => void>> = {
  "is empty": (path) => write(path, ""),
  "is garbage": (path) => write(path, "\u0000\u0001 not what it should be {{{\n"),
  "is JSON of another shape": (path) => write(path, '[1, {"path": 7}, null]'),
  "is cut off": (path) => {
    if (existsSync(path) && lstatSync(path).isFile())
      truncateSync(path, Math.floor(lstatSync(path).size / 2));
    else write(path, "{");
  },
  "is a directory": (path) => replace(path, () => mkdirSync(path)),
  "is a link to a file outside": (path, rig) =>
    replace(path, () => symlinkSync(join(rig.outside, "canary.md"), path)),
  "is a link to a directory outside": (path, rig) => replace(path, () => symlinkSync(rig.outside, path)),
  "is a link to nowhere": (path) => replace(path, () => symlinkSync("/nowhere/at/all", path)),
  "is gone": (path) => rmSync(path, { recursive: true, force: true }),
};

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  if (existsSync(path) && lstatSync(path).isDirectory()) rmSync(path, { recursive: true });
  writeFileSync(path, text);
}

function replace(path: string, make: () => void): void {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(dirname(path), { recursive: true });
  make();
}

/** A mount with files on both sides and one save that could not be sent yet. */
async function waitingMount(): Promise<HostileRig> {
  const rig = new HostileRig();
  rig.api.put("/there.md", "theirs\n");
  await rig.pass();
  rig.save("mine.md", "a save nobody may lose\n");
  rig.api.intercept = (request) => (request.path.endsWith("/fs/bulk") ? "drop" : null);
  await rig.pass();
  rig.api.intercept = () => null;
  return rig;
}

function pathOf(rig: HostileRig, path: string): string {
  return join(rig.home, path.replace("STATE", rig.privateState()).replace("NAME", `${rig.pendingName()}`));
}

async function survives(
  rig: HostileRig,
  what: string,
  path: string,
  harm: (path: string, rig: HostileRig) => void,
) {
  const at = pathOf(rig, path);
  harm(at, rig);
  const end = await rig.pass();
  expect([what, rig.escaped()]).toEqual([what, ""]);
  expect([what, rig.keeps("a save nobody may lose\n")]).toEqual([what, true]);
  expect([what, rig.api.text("/there.md")]).toEqual([what, "theirs\n"]);
  expect([what, outcome(end)]).toEqual([what, expect.stringMatching(/^(pulled|refused with a hint)$/)]);
  // The cause goes: whatever stands there is taken away, as a person would after reading the message.
  if (existsSync(at) || isLink(at)) rmSync(at, { recursive: true, force: true });
  await rig.later();
  await rig.pass();
  const last = await rig.pass();
  expect([what, outcome(last)]).toEqual([what, "pulled"]);
  expect([what, rig.api.text("/mine.md"), rig.local("there.md")]).toEqual([
    what,
    "a save nobody may lose\n",
    "theirs\n",
  ]);
  expect([what, rig.escaped()]).toEqual([what, ""]);
}

function outcome(end: PassEnd): string {
  if ("report" in end)
    return end.report.pulled ? "pulled" : `not pulled: ${JSON.stringify(end.report.error)}`;
  return end.refused.hint === "" ? `refused without a hint: ${end.refused.message}` : "refused with a hint";
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

describe("the runtime area damaged in every file in turn: nothing is lost, nothing outside is touched, it recovers", () => {
  for (const [how, harm] of Object.entries(HARM)) {
    test(`a file ${how} (${FILES.length} files)`, async () => {
      for (const path of FILES) {
        using rig = await waitingMount();
        await survives(rig, `${path} ${how}`, path, harm);
      }
    }, 60_000);

    test(`a directory ${how} (${DIRECTORIES.length} directories)`, async () => {
      for (const path of DIRECTORIES) {
        using rig = await waitingMount();
        await survives(rig, `${path} ${how}`, path, harm);
      }
    }, 60_000);
  }

  test("an index with a damaged page is set aside", async () => {
    using rig = await waitingMount();
    const file = pathOf(rig, "STATE/state.db");
    new Database(file).run("PRAGMA wal_checkpoint(TRUNCATE)");
    const bytes = readFileSync(file);
    bytes.fill(0xa5, 4_096, Math.min(bytes.byteLength, 12_288));
    await survives(rig, "a damaged page", "STATE/state.db", (path) => writeFileSync(path, bytes));
  });
});
