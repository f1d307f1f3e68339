import { describe, expect, test } from "bun:test";
import { utf8Length } from "../../../lib/model/path.ts";
import { sha256Hex } from "../../../lib/model/sha256.ts";
import { localComponent, localRelOf, looksShortened } from "../../../lib/sync/names.ts";
import {
  belowRemoteRoot,
  type RelativeRemotePath,
  relativePathProblem,
  relativeRemotePath,
  requireRemoteRoot,
  toRemotePath,
} from "../../../lib/sync/remote-path.ts";
import {
  downExclusion,
  isEditorStaging,
  looksLikeSecret,
  upExclusion,
} from "../../../lib/sync/uploadable.ts";

const rel = (text: string) => text as RelativeRemotePath;
const names = { remoteRoot: "/", rootName: "mnt", foldsCase: false };

describe("relativePathProblem()", () => {
  for (const bad of ["", ".", "..", "a/../../b", "/a", "a//b", "a/./b", "a\0b", "a\\b", "x".repeat(4_097)]) {
    test(`P4: rejects ${JSON.stringify(bad.slice(0, 20))}`, () => {
      expect(relativePathProblem(bad)).not.toBeNull();
      expect(() => relativeRemotePath(bad)).toThrow();
    });
  }
  test("keeps spaces, Unicode and dots inside names", () => {
    for (const good of [" a ", "ü/é.md", "..a", "a..", "a/...", "{owner}/x"])
      expect(relativePathProblem(good)).toBeNull();
  });
});

describe("belowRemoteRoot()", () => {
  test("maps below the root and back", () => {
    const mapped = belowRemoteRoot("/github", "mnt", "/github/a/b.md");
    expect(mapped).toEqual({ rel: rel("a/b.md") });
    expect(toRemotePath("/github", rel("a/b.md"))).toBe("/github/a/b.md");
  });
  test("P1: refuses the root's own name on a root mount only", () => {
    expect(belowRemoteRoot("/", "mnt", "/mnt")).toHaveProperty("problem");
    expect(belowRemoteRoot("/", "mnt", "/mnt/a")).toHaveProperty("rel");
    expect(belowRemoteRoot("/x", "mnt", "/x/mnt")).toHaveProperty("rel");
  });
  test("refuses siblings that share a prefix, and the root itself", () => {
    for (const path of ["/githubx/a", "/github", "/", "/other"])
      expect(belowRemoteRoot("/github", "mnt", path)).toHaveProperty("problem");
  });
  test("requireRemoteRoot() refuses traversal", () => {
    expect(requireRemoteRoot("github/")).toBe("/github");
    expect(() => requireRemoteRoot("/a/../b")).toThrow();
  });
});

describe("localComponent()", () => {
  const long = `${"ü".repeat(120)}.json`;
  test("P7: a long name becomes at most 220 bytes with its extension", () => {
    const local = localComponent(long, sha256Hex);
    expect(utf8Length(local)).toBeLessThanOrEqual(220);
    expect(looksShortened(local)).toBe(true);
    expect(local).toEndWith(".json");
  });
  test("P8: names that share a prefix stay apart", () => {
    const [a, b] = [`${"x".repeat(230)}a`, `${"x".repeat(230)}b`];
    expect(localComponent(a, sha256Hex)).not.toBe(localComponent(b, sha256Hex));
  });
  test("short names are not touched", () => {
    expect(localRelOf(rel("a/b c.md"), sha256Hex)).toBe(rel("a/b c.md"));
  });
});

describe("exclusions", () => {
  test("P12, P13: the runtime area stays out in both directions at any depth, its look-alikes do not", () => {
    for (const path of [
      "a/.relay/x",
      ".relay/state.json",
      "a/.relayfile-mount-state.json",
      ".relayfile-mount-state.json.tmp-1",
    ]) {
      expect(downExclusion(rel(path), names)).toBe("runtime");
      expect(upExclusion(rel(path), true, names)).toBe("runtime");
    }
    expect(upExclusion(rel(".relayfile-mount-state.json.backup"), false, names)).toBeNull();
  });
  test("P11: .Git is excluded only where the file system folds case", () => {
    expect(downExclusion(rel(".Git/config"), names)).toBeNull();
    expect(downExclusion(rel(".Git/config"), { ...names, foldsCase: true })).toBe("source_control");
    expect(downExclusion(rel("a/.git/config"), names)).toBeNull();
  });
  test("P2: the root's own name is not uploaded on a root mount", () => {
    expect(upExclusion(rel("mnt"), false, names)).toBe("root_name");
    expect(upExclusion(rel("mnt"), false, { ...names, remoteRoot: "/x" })).toBeNull();
  });
  test("L2: editor staging names are skipped while untracked", () => {
    for (const name of [".#a", "a.swp", "a.tmp", "a~", ".a.tmp-123", "x.writer-tmp-9", ".goutputstream-X"]) {
      expect(isEditorStaging(name)).toBe(true);
      expect(upExclusion(rel(`d/${name}`), false, names)).toBe("editor_staging");
      expect(upExclusion(rel(`d/${name}`), true, names)).toBeNull();
    }
    expect(isEditorStaging("template")).toBe(false);
  });
  test("looksLikeSecret() names what people forget", () => {
    expect([".env", ".env.local", ".npmrc", "env"].map(looksLikeSecret)).toEqual([true, true, true, false]);
  });
});
