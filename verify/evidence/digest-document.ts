/** Parses a digest: front matter, sections and bullets of either historical form (spec provider-contract 4.2). */
import type { DigestBullet, DigestFileFact } from "../evidence.ts";

type FrontMatter = NonNullable<DigestFileFact["frontMatter"]>;

/** The end of a bullet's words: what happened. */
const VERB = / (was [a-z]+|had a sync error|succeeded|failed)$/;

/** What a digest text holds. `frontMatter` is null when there is none or it is not closed. */
export interface DigestDocument {
  readonly frontMatter: FrontMatter | null;
  readonly sections: readonly string[];
  readonly bullets: readonly DigestBullet[];
}

/** Parses a digest text; never throws. */
export function parseDigest(text: string): DigestDocument {
  const lines = text.split(/\r?\n/);
  const end = lines[0]?.trim() === "---" ? lines.indexOf("---", 1) : -1;
  const body = end === -1 ? lines : lines.slice(end + 1);
  const sections: string[] = [];
  const bullets: DigestBullet[] = [];
  for (const line of body) {
    const section = /^## (.+)$/.exec(line);
    if (section?.[1] !== undefined) sections.push(section[1].trim());
    const bullet = /^- (.*?)\s*(?:—|-)\s*\[([^\]]+)\]/.exec(line);
    if (bullet?.[2] !== undefined) {
      const path = bullet[2].startsWith("/") ? bullet[2] : `/${bullet[2]}`;
      const words = bullet[1] ?? "";
      const verb = VERB.exec(words)?.[1];
      bullets.push({
        provider: sections.at(-1) ?? "",
        identifier: words.split(" was ")[0] ?? "",
        path,
        ...(verb === undefined ? {} : { verb }),
      });
    }
  }
  return { frontMatter: end === -1 ? null : frontMatterOf(lines.slice(1, end)), sections, bullets };
}

/** `key: value` lines, inline lists and block lists; a line of another form makes the whole front matter invalid. */
function frontMatterOf(lines: readonly string[]): FrontMatter | null {
  const result: Record<string, string | number | boolean | readonly string[]> = {};
  let list: { key: string; items: string[] } | null = null;
  for (const line of lines) {
    const item = /^\s+-\s+(.*)$/.exec(line);
    if (item !== null && list !== null) {
      list.items.push(unquote(item[1] ?? ""));
      result[list.key] = list.items;
      continue;
    }
    const pair = /^([A-Za-z_]+):\s*(.*)$/.exec(line);
    if (pair === null) {
      if (line.trim() === "") continue;
      return null;
    }
    const [, key = "", raw = ""] = pair;
    list = raw === "" ? { key, items: [] } : null;
    result[key] = raw === "" ? [] : scalarOf(raw.trim());
  }
  return result;
}

function scalarOf(raw: string): string | number | boolean | readonly string[] {
  const inline = /^\[(.*)\]$/.exec(raw);
  if (inline !== null) {
    return (inline[1] ?? "")
      .split(",")
      .map((item) => unquote(item.trim()))
      .filter((item) => item !== "");
  }
  if (raw === "true" || raw === "false") return raw === "true";
  return /^\d+$/.test(raw) ? Number(raw) : unquote(raw);
}

function unquote(text: string): string {
  return /^(["']).*\1$/.test(text) ? text.slice(1, -1) : text;
}
