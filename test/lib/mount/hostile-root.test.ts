import { describe, expect, test } from "bun:test";
import { osError } from "../../support/memory-fs.ts";
import { MountRig } from "../../support/mount-rig.ts";

const AWAY = "/home/u/away";
const HOUR = 3_600_000;

/** What happens to the root under a running daemon, and how it ends. */
const TROUBLES: Readonly<
  Record<string, { begin(rig: MountRig): void; end(rig: MountRig): void; verdict?: string }>
> = {
  "is removed and comes back": {
    begin: (rig) => rig.fs.rename(rig.root, AWAY),
    end: (rig) => rig.fs.rename(AWAY, rig.root),
  },
  "is a file": {
    begin(rig) {
      rig.fs.rename(rig.root, AWAY);
      rig.fs.save(rig.root, "not a directory\n");
    },
    end(rig) {
      rig.fs.unlink(rig.root);
      rig.fs.rename(AWAY, rig.root);
    },
  },
  "is a link to somewhere else": {
    begin(rig) {
      rig.fs.makeDir("/home/u/elsewhere");
      rig.fs.rename(rig.root, AWAY);
      rig.fs.symlink("/home/u/elsewhere", rig.root);
    },
    end(rig) {
      rig.fs.unlink(rig.root);
      rig.fs.rename(AWAY, rig.root);
    },
  },
  "is unmounted: an empty directory is in its place": {
    begin(rig) {
      rig.fs.rename(rig.root, AWAY);
      rig.fs.makeDir(rig.root);
    },
    end(rig) {
      rig.fs.removeTree(rig.root);
      rig.fs.rename(AWAY, rig.root);
    },
  },
  "is read-only": {
    begin: (rig) => failing(rig, "EROFS"),
    end: (rig) => failing(rig, null),
  },
  "is full": {
    begin: (rig) => failing(rig, "ENOSPC"),
    end: (rig) => failing(rig, null),
  },
  fails: {
    begin: (rig) => failing(rig, "EIO"),
    end: (rig) => failing(rig, null),
  },
  "is under a clock set back": { begin: (rig) => rig.clock.jump(-26 * HOUR), end: () => undefined },
  "is under a clock set forward": { begin: (rig) => rig.clock.jump(26 * HOUR), end: () => undefined },
};

function failing(rig: MountRig, code: string | null): void {
  rig.fs.hook = (operation, path) => {
    if (code !== null && path.startsWith(rig.root) && (code !== "ENOSPC" || operation !== "unlink"))
      throw osError(code, path);
  };
}

/** What everybody does meanwhile. */
const MEANWHILE: Readonly<Record<string, (rig: MountRig) => void>> = {
  "nothing happens": () => undefined,
  "a file arrives": (rig) => void rig.api.put("/arrives.md", "news\n"),
  "a file changes there": (rig) => void rig.api.put("/1.md", "theirs\n"),
  "a file goes there": (rig) => rig.api.remove("/2.md"),
  "the server is down too": (rig) => {
    rig.api.intercept = () => "drop";
  },
};

describe("a hostile root: nothing is deleted or lost, and it goes on when the root is well", () => {
  for (const [how, trouble] of Object.entries(TROUBLES)) {
    for (const [what, meanwhile] of Object.entries(MEANWHILE)) {
      test(`the root ${how} while ${what}`, async () => {
        const rig = new MountRig();
        for (let n = 0; n < 12; n++) rig.api.put(`/${n}.md`, `${n}\n`);
        await rig.start(4_000);
        rig.save("mine.md", "a save nobody may lose\n");
        await rig.clock.advance(50);
        trouble.begin(rig);
        meanwhile(rig);
        await rig.clock.advance(90_000);
        expect(rig.api.seen("DELETE", "/fs/file")).toEqual([]);
        expect(rig.fs.files("/home/u/elsewhere")).toEqual([]);
        trouble.end(rig);
        rig.api.intercept = () => null;
        await rig.clock.advance(15 * 60_000);
        expect(rig.api.text("/mine.md")).toBe("a save nobody may lose\n");
        expect(rig.api.seen("DELETE", "/fs/file")).toEqual([]);
        const remote = [...rig.api.files.keys()].map((path) => path.slice(1)).sort();
        expect(rig.fs.files(rig.root)).toEqual(remote);
        for (const rel of remote) expect([rel, rig.local(rel)]).toEqual([rel, rig.api.text(`/${rel}`)]);
        expect(rig.relay("state.json").verdict).toBe("ok");
        await rig.stop();
      });
    }
  }
});
