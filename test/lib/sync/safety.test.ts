import { describe, expect, test } from "bun:test";
import {
  deleteHold,
  deletesAllowed,
  isNewerSnapshot,
  isShrunkenListing,
  placementProblem,
  rootProblem,
} from "../../../lib/sync/safety.ts";

const entry = (kind: "file" | "directory" | "symlink" | "other") => ({ kind });

describe("rootProblem()", () => {
  test("S07: only a real directory is a root", () => {
    expect(
      [null, entry("file"), entry("symlink"), entry("other"), entry("directory")].map(rootProblem),
    ).toEqual(["missing", "regular_file", "symlink", "other", null]);
  });
});

describe("deleteHold()", () => {
  const fine = { deletes: 1, tracked: 100, rootOk: true, runtimeAreaPresent: true };
  test("L14: more than max(10, a quarter) is held", () => {
    expect([deletesAllowed(0), deletesAllowed(40), deletesAllowed(100)]).toEqual([10, 10, 25]);
    expect(deleteHold({ ...fine, deletes: 25 })).toBeNull();
    expect(deleteHold({ ...fine, deletes: 26 })).toBe("mass_delete");
  });
  test("a broken root or a missing runtime area holds even one delete", () => {
    expect(deleteHold({ ...fine, rootOk: false })).toBe("root_broken");
    expect(deleteHold({ ...fine, runtimeAreaPresent: false })).toBe("runtime_area_gone");
  });
});

describe("isShrunkenListing()", () => {
  test("G3: an empty or halved listing is no authority", () => {
    expect(isShrunkenListing(1, 0)).toBe(true);
    expect(isShrunkenListing(0, 0)).toBe(false);
    expect(isShrunkenListing(10, 4)).toBe(true);
    expect(isShrunkenListing(10, 5)).toBe(false);
    expect(isShrunkenListing(9, 1)).toBe(false);
  });
});

describe("isNewerSnapshot()", () => {
  test("G2: compares rev_<n> by number and refuses older, equal and empty", () => {
    expect(isNewerSnapshot("rev_9", "rev_10", false)).toBe(true);
    expect(isNewerSnapshot("rev_10", "rev_9", true)).toBe(false);
    expect(isNewerSnapshot("rev_10", "rev_10", true)).toBe(false);
    expect(isNewerSnapshot("rev_10", "", true)).toBe(false);
    expect(isNewerSnapshot("", "r1", false)).toBe(true);
  });
  test("opaque revisions have no order: only an advanced cursor proves newness", () => {
    expect(isNewerSnapshot("r9", "r10", true)).toBe(true);
    expect(isNewerSnapshot("r9", "r10", false)).toBe(false);
  });
});

describe("placementProblem()", () => {
  test("P14: a link or a file on the way refuses; missing parents do not", () => {
    expect(placementProblem([entry("symlink")], null)).toBe("parent_symlink");
    expect(placementProblem([entry("directory"), entry("file")], null)).toBe("parent_not_directory");
    expect(placementProblem([entry("directory"), null], null)).toBeNull();
  });
  test("P3: a directory or a link is never replaced by a file", () => {
    expect(placementProblem([], entry("directory"))).toBe("target_directory");
    expect(placementProblem([], entry("symlink"))).toBe("target_not_regular");
    expect(placementProblem([], entry("file"))).toBeNull();
  });
});
