/** Text of a report inside Markdown: it must stay text, wherever it comes from and whatever it holds. */

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "|": "&#124;",
  "\\": "&#92;",
};

/**
 * One line of prose, safe in a paragraph, a list, a heading and a table cell: no markup, no HTML, no mention, no
 * reference to another issue. Line breaks become spaces.
 */
export function prose(text: string): string {
  return (
    text
      .replace(/\s+/g, " ")
      .trim()
      .replace(/([@#])(?=\w)/g, "$1\u200b")
      // Entities rather than backslashes: in a table a backslash before a bar is not read the same everywhere.
      .replace(/[&<>|\\]/g, (char) => ENTITIES[char] ?? char)
      .replace(/[*`[\]~$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, "\\$&")
      // What would begin a list or underline a heading at the start of a line.
      .replace(/^(\d+)([.)])(?=\s|$)/, "$1\\$2")
      .replace(/^[-+=#:]/, "\\$&")
  );
}

/** Inline code on one line; its fence is longer than any run of backticks inside. Not for table cells. */
export function inlineCode(text: string): string {
  const single = text.replace(/\s+/g, " ").trim();
  if (single === "") return "` `";
  const fence = "`".repeat(longestRun(single) + 1);
  const pad = /^`|`$/.test(single) ? " " : "";
  return `${fence}${pad}${single}${pad}${fence}`;
}

/** Code in a table cell: a bar or a backslash inside cannot end the cell. */
export function cellCode(text: string): string {
  const single = text.replace(/\s+/g, " ").trim();
  if (!/[|\\`]/.test(single)) return inlineCode(single);
  const encoded = single.replace(/[^A-Za-z0-9 /-]/gu, (char) => `&#${char.codePointAt(0)};`);
  return `<code>${encoded}</code>`;
}

/** A fenced block; its fence is longer than any run of backticks inside. */
export function fenced(language: string, lines: readonly string[]): string[] {
  const fence = "`".repeat(Math.max(3, longestRun(lines.join("\n")) + 1));
  return [`${fence}${language}`, ...lines, fence];
}

/** A table row. The cells must already be safe. */
export function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => (cell === "" ? " " : cell)).join(" | ")} |`;
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}
