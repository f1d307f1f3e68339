import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { osCodeOf } from "../../../../lib/errors.ts";
import type { LocalFs } from "../../../../lib/ports.ts";
import { bunLocalFs } from "../../../../lib/runtime/bun/local-fs.ts";
import { MemoryFs } from "../../../support/memory-fs.ts";
import { type TempDir, tempDir } from "../../../support/temp-dir.ts";

let dir: TempDir;

beforeAll(() => {
  dir = tempDir("relayfile-local-fs-");
});
afterAll(() => dir.remove());

const bytes = (text: string) => new TextEncoder().encode(text);

/** What both disks promise about names. */
function testNames(name: string, disk: () => { fs: LocalFs; root: string }): void {
  describe(`LocalFs (${name})`, () => {
    test("nameUnnamed() gives a file its bytes, mode and name at once", () => {
      const { fs, root } = disk();
      const handle = fs.writeUnnamed(root, bytes("hello"), 0o600) as number;
      expect(fs.readDir(root)).toEqual([]);
      expect(fs.nameUnnamed(handle, `${root}/a`)).toBe(true);
      fs.dropUnnamed(handle);
      expect(fs.lstat(`${root}/a`)).toMatchObject({ kind: "file", sizeBytes: 5, mode: 0o600 });
      expect(new TextDecoder().decode(fs.readFile(`${root}/a`))).toBe("hello");
    });

    test("nameUnnamed() never replaces", () => {
      const { fs, root } = disk();
      fs.writeFile(`${root}/taken`, bytes("first"));
      const handle = fs.writeUnnamed(root, bytes("second"), 0o644) as number;
      expect(fs.nameUnnamed(handle, `${root}/taken`)).toBe(false);
      fs.dropUnnamed(handle);
      expect(new TextDecoder().decode(fs.readFile(`${root}/taken`))).toBe("first");
    });

    test("dropUnnamed() leaves nothing of a file without a name", () => {
      const { fs, root } = disk();
      fs.dropUnnamed(fs.writeUnnamed(root, bytes("gone"), 0o644) as number);
      expect(fs.readDir(root)).toEqual([]);
    });

    test("renameNew() never replaces", () => {
      const { fs, root } = disk();
      fs.writeFile(`${root}/one`, bytes("1"));
      fs.writeFile(`${root}/two`, bytes("2"));
      expect(fs.renameNew(`${root}/one`, `${root}/two`)).toBe(false);
      expect(fs.renameNew(`${root}/one`, `${root}/dré`)).toBe(true);
      expect(fs.lstat(`${root}/one`)).toBeNull();
    });

    test("writeUnnamed() fails where there is no directory", () => {
      const { fs, root } = disk();
      const code = (() => {
        try {
          return fs.writeUnnamed(`${root}/nowhere`, bytes("x"), 0o644);
        } catch (error) {
          return osCodeOf(error);
        }
      })();
      expect(code).toBe("ENOENT");
    });
  });
}

let serial = 0;
testNames("Bun", () => {
  const fs = bunLocalFs();
  const root = dir.join(`n${serial++}`);
  fs.makeDir(root);
  return { fs, root };
});
testNames("in memory", () => {
  const fs = new MemoryFs(() => 1);
  fs.makeDir("/r");
  return { fs, root: "/r" };
});

test("dropUnnamed() gives every descriptor back, named or not", () => {
  const fs = bunLocalFs();
  const root = dir.join("many");
  fs.makeDir(root);
  const open = () => readdirSync("/proc/self/fd").length;
  const before = open();
  const handles = Array.from({ length: 20 }, () => fs.writeUnnamed(root, bytes("x"), 0o644) as number);
  expect(open()).toBe(before + 20);
  for (const handle of handles.slice(0, 10)) fs.nameUnnamed(handle, `${root}/${handle}`);
  for (const handle of handles) fs.dropUnnamed(handle);
  for (const handle of handles) fs.dropUnnamed(handle);
  expect([open(), fs.readDir(root).length]).toEqual([before, 10]);
});
