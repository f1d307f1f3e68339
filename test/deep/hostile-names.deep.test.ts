import { describe, expect, test } from "bun:test";
import type { SeenRequest } from "../support/fake-file-api.ts";
import { HostileRig } from "../support/hostile-rig.ts";

const LONG = "n".repeat(255);
const DEEP = Array.from({ length: 150 }, (_, n) => `d${n}`).join("/");

/** Remote paths that must never become a file outside the root, nor stop the others. */
const NAMES: readonly string[] = [
  "/../escape.md",
  "/../../escape.md",
  "/a/../../escape.md",
  "/a/../escape.md",
  "/./escape.md",
  "/a/./b.md",
  "//absolute.md",
  "/a//b.md",
  "/a/",
  "/",
  "",
  "relative.md",
  "../relative.md",
  "/..",
  "/.",
  "/...",
  "/a/..",
  "/ ../b.md",
  "/.. /b.md",
  "/..\\escape.md",
  "/a\\..\\..\\escape.md",
  "C:\\windows\\x.md",
  "/C:/windows.md",
  "/nul\u0000byte.md",
  "/a/\u0000",
  "/line\nbreak.md",
  "/bell\u0007.md",
  "/\u202egnp.md",
  "/trailing space /b.md",
  "/trailing.dot./b.md",
  "/ leading.md",
  "/-rf",
  "/$(touch escape.md)",
  "/`touch escape.md`",
  "/%2e%2e/escape.md",
  "/..%2fescape.md",
  "/%00.md",
  "/~root/x.md",
  "/CON",
  "/aux.txt",
  `/${LONG}.md`,
  `/${LONG}/${LONG}.md`,
  `/${"ü".repeat(200)}.md`,
  `/${"x".repeat(4096)}`,
  `/${Array.from({ length: 60 }, () => "y".repeat(100)).join("/")}.md`,
  `/${DEEP}/x.md`,
  "/.relay/state.json",
  "/.relay/outbox/pending/x.json",
  "/.relay/dead-letter/x.json",
  "/a/.relay/x.md",
  "/.relayfile-mount-state.json",
  "/.relayfile-mount-state.json.tmp-1",
  "/.git/config",
  "/.git/hooks/post-checkout",
  "/.hg/hgrc",
  "/mirror",
  "/mirror/x.md",
  "/ok.md/below-a-file.md",
  "/\ud800lone.md",
  "/e\u0301.md",
  "/\u00e9.md",
  "/OK.MD",
  "/ok.md ",
  "/x~rf-00000000000000000000000000000000.md",
];

/** How such a name reaches the mount. */
const WAYS: Readonly<Record<string, (rig: HostileRig, name: string) => Promise<void>>> = {
  "the first copy": async (rig, name) => {
    rig.api.put(name, "hostile\n");
    await rig.pass();
  },
  "a listing": async (rig, name) => {
    rig.api.exportsFrames = false;
    rig.api.put(name, "hostile\n");
    await rig.pass();
  },
  "an event": async (rig, name) => {
    await rig.pass();
    rig.api.put(name, "hostile\n");
    await rig.pass();
  },
  "a delete": async (rig, name) => {
    rig.api.put(name, "hostile\n");
    await rig.pass();
    rig.api.remove(name);
    await rig.pass();
    rig.api.put(name, "again\n");
  },
  "an answer to another question": async (rig, name) => {
    await rig.pass();
    const answer = { path: name, revision: "rev_9", contentType: "text/plain", content: "hostile\n" };
    rig.api.intercept = (request: SeenRequest) =>
      request.path.endsWith("/fs/bulk-read") || request.path.endsWith("/fs/file")
        ? Response.json({ ...answer, results: [answer], files: [answer] })
        : null;
    rig.api.put("/asked/1.md", "one\n");
    rig.api.put("/asked/2.md", "two\n");
    await rig.pass();
    rig.api.intercept = () => null;
    rig.api.put("/asked/1.md", "one again\n");
    rig.api.put("/asked/2.md", "two again\n");
  },
};

describe("P1, P4: a hostile name stays inside the root and stops nobody", () => {
  for (const [way, bring] of Object.entries(WAYS)) {
    test(`${way} (${NAMES.length} names)`, async () => {
      for (const name of NAMES) {
        using rig = new HostileRig();
        rig.api.put("/ok.md", "fine\n");
        rig.save("mine.md", "a save of a person\n");
        await bring(rig, name);
        expect([name, rig.escaped()]).toEqual([name, ""]);
        const last = await rig.pass();
        expect([name, "report" in last]).toEqual([name, true]);
        if (!name.startsWith("/ok.md/")) expect([name, rig.local("ok.md")]).toEqual([name, "fine\n"]);
        expect([name, rig.api.text("/mine.md")]).toEqual([name, "a save of a person\n"]);
        expect([name, rig.verdict()]).not.toEqual([name, null]);
        rig.api.remove(name);
        await rig.later();
        const after = await rig.pass();
        const state =
          "report" in after ? { pulled: after.report.pulled, problems: after.report.problems } : after;
        expect([name, state]).toEqual([name, { pulled: true, problems: 0 }]);
        expect([name, rig.escaped()]).toEqual([name, ""]);
        expect([name, rig.local("ok.md")]).toEqual([name, "fine\n"]);
      }
    }, 120_000);
  }
});
