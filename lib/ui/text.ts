/** Laying text out in columns of a terminal. */

/** Words broken into lines of at most `width` columns; a longer word stands alone. At least one line. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/**
 * Two columns, indented by two, the second wrapped. The first takes at most `share` of the width; a longer left side
 * gets its own line.
 */
export function columns(
  rows: readonly (readonly [left: string, right: string])[],
  width: number,
  share = 0.38,
): string {
  const longest = Math.max(0, ...rows.map(([left]) => left.length));
  const leftWidth = Math.min(longest, Math.max(12, Math.floor(width * share)));
  const rightWidth = Math.max(16, width - leftWidth - 4);
  const lines: string[] = [];
  for (const [left, right] of rows) {
    const [first = "", ...others] = wrap(right, rightWidth);
    const pad = " ".repeat(leftWidth + 4);
    if (left.length > leftWidth) lines.push(`  ${left}`, `${pad}${first}`);
    else lines.push(`  ${left.padEnd(leftWidth)}  ${first}`);
    lines.push(...others.map((text) => pad + text));
  }
  return lines.map((line) => line.trimEnd()).join("\n");
}
