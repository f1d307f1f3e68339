/**
 * Three-way merge by lines, all or nothing (spec file-api 8.2, strategy `three-way-lines-v1`). Used by the mount for
 * concurrent edits and by the service behind `fs/merge`.
 */

/** The merged text, or the places a person must decide. */
export type MergeResult =
  | { readonly kind: "merged"; readonly text: string }
  | { readonly kind: "conflict"; readonly conflicts: readonly MergeConflict[] };

/** One place that cannot be merged. */
export interface MergeConflict {
  /** `whole file`, `base lines a-b` (1-based) or `insertion before base line n`. */
  readonly unit: string;
  readonly reason: "ambiguous" | "overlap";
  readonly base?: string;
  readonly mine?: string;
  readonly theirs?: string;
}

/** Base lines [start, end) become `lines`. An insertion has start equal to end. */
interface Hunk {
  readonly start: number;
  readonly end: number;
  readonly lines: readonly string[];
}

/** Merges two edits of one base. Line ends are part of the lines, so nothing is normalised. */
export function mergeLines(base: string, mine: string, theirs: string): MergeResult {
  if (mine === theirs || theirs === base) return { kind: "merged", text: mine };
  if (mine === base) return { kind: "merged", text: theirs };
  const baseLines = splitLines(base);
  const left = hunksOf(baseLines, splitLines(mine));
  const right = hunksOf(baseLines, splitLines(theirs));
  if (left === null || right === null) {
    return { kind: "conflict", conflicts: [{ unit: "whole file", reason: "ambiguous" }] };
  }
  return mergeHunks(baseLines, left, right);
}

/** Lines with their ends; the last may have none. An empty text has no lines. */
export function splitLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** Hunks from base to side, or null when earliest and latest alignment differ. */
function hunksOf(base: readonly string[], side: readonly string[]): Hunk[] | null {
  const earliest = alignment(base, side, false);
  const latest = alignment(base, side, true);
  if (earliest.length !== latest.length) return null;
  for (let i = 0; i < earliest.length; i++) {
    if (earliest[i]?.[0] !== latest[i]?.[0] || earliest[i]?.[1] !== latest[i]?.[1]) return null;
  }
  const hunks: Hunk[] = [];
  let [b, s] = [0, 0];
  for (const [nextB, nextS] of [...earliest, [base.length, side.length] as const]) {
    if (nextB > b || nextS > s) hunks.push({ start: b, end: nextB, lines: side.slice(s, nextS) });
    [b, s] = [nextB + 1, nextS + 1];
  }
  return hunks;
}

/** Matched index pairs of a longest common subsequence, preferring the earliest or the latest matches. */
function alignment(a: readonly string[], b: readonly string[], latest: boolean): [number, number][] {
  const [n, m] = [a.length, b.length];
  const width = m + 1;
  const table = new Uint16Array((n + 1) * width);
  const at = (i: number, j: number) => table[i * width + j] as number;
  if (!latest) {
    for (let i = n - 1; i >= 0; i--)
      for (let j = m - 1; j >= 0; j--)
        table[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    const pairs: [number, number][] = [];
    for (let i = 0, j = 0; i < n && j < m; ) {
      if (a[i] === b[j]) pairs.push([i++, j++]);
      else if (at(i + 1, j) >= at(i, j + 1)) i++;
      else j++;
    }
    return pairs;
  }
  for (let i = 1; i <= n; i++)
    for (let j = 1; j <= m; j++)
      table[i * width + j] =
        a[i - 1] === b[j - 1] ? at(i - 1, j - 1) + 1 : Math.max(at(i - 1, j), at(i, j - 1));
  const pairs: [number, number][] = [];
  for (let i = n, j = m; i > 0 && j > 0; ) {
    if (a[i - 1] === b[j - 1]) pairs.push([--i, --j]);
    else if (at(i - 1, j) >= at(i, j - 1)) i--;
    else j--;
  }
  return pairs.reverse();
}

/** Two hunks touch the same lines, or an insertion point lies within the other's range, ends included. */
function overlaps(a: Hunk, b: Hunk): boolean {
  if (a.start === a.end || b.start === b.end) return a.start <= b.end && b.start <= a.end;
  return a.start < b.end && b.start < a.end;
}

function mergeHunks(base: readonly string[], left: readonly Hunk[], right: readonly Hunk[]): MergeResult {
  const conflicts: MergeConflict[] = [];
  const out: string[] = [];
  let [at, l, r] = [0, 0, 0];
  while (l < left.length || r < right.length) {
    const group = nextGroup(left, right, l, r);
    [l, r] = [l + group.left.length, r + group.right.length];
    out.push(...base.slice(at, group.start));
    at = group.end;
    const original = base.slice(group.start, group.end).join("");
    const mine = sideText(base, group.left, group);
    const theirs = sideText(base, group.right, group);
    if (mine === theirs || theirs === original) out.push(mine);
    else if (mine === original) out.push(theirs);
    else conflicts.push({ unit: unitOf(group), reason: "overlap", base: original, mine, theirs });
  }
  if (conflicts.length > 0) return { kind: "conflict", conflicts };
  out.push(...base.slice(at));
  return { kind: "merged", text: out.join("") };
}

interface Group {
  readonly start: number;
  readonly end: number;
  readonly left: readonly Hunk[];
  readonly right: readonly Hunk[];
}

/** The next run of hunks of both sides that overlap each other, directly or through a third. */
function nextGroup(left: readonly Hunk[], right: readonly Hunk[], l: number, r: number): Group {
  const [a, b] = [left[l], right[r]];
  const fromLeft =
    b === undefined || (a !== undefined && (a.start < b.start || (a.start === b.start && a.end <= b.end)));
  const taken = { left: fromLeft && a ? [a] : [], right: fromLeft || !b ? [] : [b] } as {
    left: Hunk[];
    right: Hunk[];
  };
  for (let grew = true; grew; ) {
    grew = false;
    const nextLeft = left[l + taken.left.length];
    if (nextLeft && taken.right.some((hunk) => overlaps(hunk, nextLeft))) {
      taken.left.push(nextLeft);
      grew = true;
    }
    const nextRight = right[r + taken.right.length];
    if (nextRight && taken.left.some((hunk) => overlaps(hunk, nextRight))) {
      taken.right.push(nextRight);
      grew = true;
    }
  }
  const all = [...taken.left, ...taken.right];
  return {
    start: Math.min(...all.map((hunk) => hunk.start)),
    end: Math.max(...all.map((hunk) => hunk.end)),
    ...taken,
  };
}

/** The text of a group's range as one side has it. */
function sideText(base: readonly string[], hunks: readonly Hunk[], group: Group): string {
  const out: string[] = [];
  let at = group.start;
  for (const hunk of hunks) {
    out.push(...base.slice(at, hunk.start), ...hunk.lines);
    at = hunk.end;
  }
  out.push(...base.slice(at, group.end));
  return out.join("");
}

function unitOf(group: Group): string {
  return group.start === group.end
    ? `insertion before base line ${group.start + 1}`
    : `base lines ${group.start + 1}-${group.end}`;
}
