/** Globs over one file name, matched in time linear in pattern times name: clients send the patterns. */
import { fail } from "../../errors.ts";

/** One step of a glob: a character, any character, a class, or any run of characters (`*`). */
export type GlobStep = "*" | ((character: string) => boolean);

/** `*`, `?` and `[...]` over one segment. Fails with `bad_request` for a pattern that is no glob of one name. */
export function globOf(pattern: string): readonly GlobStep[] {
  if (pattern === "" || pattern.includes("/")) fail("bad_request", `bad pattern ${JSON.stringify(pattern)}`);
  const parts = pattern.match(/\[[!^]?\]?[^\]]*\]|[\s\S]/gu) ?? [];
  return parts.map((part): GlobStep => {
    if (part === "*") return "*";
    if (part === "?") return () => true;
    if (part === "[") return fail("bad_request", `bad pattern ${JSON.stringify(pattern)}`);
    return part.length > 2 && part.startsWith("[") ? classOf(part.slice(1, -1)) : (c) => c === part;
  });
}

/** `[a-z]`, `[!a-z]`: single characters and ranges. */
function classOf(text: string): (character: string) => boolean {
  const negated = text.startsWith("!") || text.startsWith("^");
  const members = [...(negated ? text.slice(1) : text)];
  const ranges: (readonly [string, string])[] = [];
  for (let at = 0; at < members.length; at++) {
    const from = members[at] ?? "";
    const to = members[at + 1] === "-" ? members[at + 2] : undefined;
    ranges.push([from, to ?? from]);
    if (to !== undefined) at += 2;
  }
  return (character) => ranges.some(([from, to]) => from <= character && character <= to) !== negated;
}

/** Walks name and glob once, going back to the last `*` only: no pattern can make this slow. */
export function matchesGlob(glob: readonly GlobStep[], name: string): boolean {
  const characters = [...name];
  let step = 0;
  let star = -1;
  let resume = 0;
  for (let at = 0; at < characters.length; ) {
    const current = glob[step];
    if (current === "*") {
      star = step++;
      resume = at;
    } else if (current?.(characters[at] ?? "")) {
      step++;
      at++;
    } else if (star >= 0) {
      step = star + 1;
      at = ++resume;
    } else return false;
  }
  while (glob[step] === "*") step++;
  return step === glob.length;
}
