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

/** Below this many columns two of them side by side read worse than one above the other. */
const SIDE_BY_SIDE = 60;

/**
 * Two columns, indented by two, the second wrapped. The first takes at most `share` of the width; a longer left side
 * gets its own line unbroken, so that it can be copied, and on a narrow terminal every left side does.
 */
export function columns(
  rows: readonly (readonly [left: string, right: string])[],
  width: number,
  share = 0.38,
): string {
  const narrow = width < SIDE_BY_SIDE;
  const longest = Math.max(0, ...rows.map(([left]) => left.length));
  const leftWidth = narrow ? 0 : Math.min(longest, Math.max(12, Math.floor(width * share)));
  const pad = " ".repeat(leftWidth + 4);
  const lines: string[] = [];
  for (const [left, right] of rows) {
    const [first = "", ...others] = wrap(right, Math.max(16, width - pad.length));
    if (left.length > leftWidth) lines.push(`  ${left}`, `${pad}${first}`);
    else lines.push(`  ${left.padEnd(leftWidth)}  ${first}`);
    lines.push(...others.map((text) => pad + text));
  }
  return lines.map((line) => line.trimEnd()).join("\n");
}

/** Text indented by two, its further lines by six. */
export function hanging(text: string, width: number): string[] {
  const [first = "", ...others] = wrap(text, width - 6);
  return [`  ${first}`, ...others.map((line) => `      ${line}`)];
}
