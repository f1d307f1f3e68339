/** What renderers need to know about where their text goes. */

/** What a mark stands for. */
export type MarkOf = "pass" | "warn" | "fail" | "unknown" | "skip" | "info";

/** Width, colour and marks; the terminal's own style satisfies it. */
export interface TextStyle {
  readonly width: number;
  readonly unicode: boolean;
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  mark(status: MarkOf): string;
}

/** No colour, Unicode marks, 100 columns: files, issues and tests. */
export const PLAIN: TextStyle = {
  width: 100,
  unicode: true,
  bold: (text) => text,
  dim: (text) => text,
  red: (text) => text,
  green: (text) => text,
  yellow: (text) => text,
  mark: (status) => ({ pass: "✓", warn: "!", fail: "✗", unknown: "?", skip: "-", info: "i" })[status],
};

/** The text in ASCII where the terminal has nothing better. */
export function plainText(text: string, style: Pick<TextStyle, "unicode">): string {
  if (style.unicode) return text;
  const ascii = text.replaceAll("·", "|").replaceAll("…", "...").replaceAll("—", "-").replaceAll("×", "x");
  // Colour codes are ASCII too, so only what lies above it is replaced.
  return ascii.replace(/[\u0080-\uffff]/g, "?");
}

/** Cuts a line to a width, marking the cut; colour codes must not be in it yet. */
export function clip(text: string, width: number, style: Pick<TextStyle, "unicode">): string {
  const single = text.replace(/\s+/g, " ").trim();
  if (single.length <= width) return single;
  const mark = style.unicode ? "…" : "...";
  return `${single.slice(0, Math.max(1, width - mark.length))}${mark}`;
}

/** Breaks a text into lines of at most `width` at spaces; a longer word stays whole, so that it can be copied. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.replace(/\s+/g, " ").trim().split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return line === "" ? lines : [...lines, line];
}

/** Columns that a mark takes; colour codes take none. */
export function markWidth(mark: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with one.
  return mark.replace(/\u001b\[[0-9;]*m/g, "").length;
}

/** A text behind its mark: further lines stand below the first word. `paint` colours each line. */
export function hang(mark: string, text: string, width: number, paint = (line: string) => line): string[] {
  const pad = " ".repeat(markWidth(mark) + 1);
  return wrap(text, width - pad.length).map((line, n) => `${n === 0 ? `${mark} ` : pad}${paint(line)}`);
}
