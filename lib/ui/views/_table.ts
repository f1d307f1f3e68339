/** Rows in aligned columns, for lists of things. */
import type { Style } from "../style.ts";

/**
 * Lines of a table with a dim header; no line has trailing spaces. Cells are plain text: control characters are
 * shown as `?`, because names come from services.
 */
export function table(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  style: Style,
): string[] {
  const clean = rows.map((row) => row.map(printable));
  const widths = header.map((title, at) =>
    Math.max(title.length, ...clean.map((row) => row[at]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0)))
      .join("  ")
      .trimEnd();
  return [style.dim(line(header)), ...clean.map(line)];
}

/** `label  value` lines; rows whose value is null are left out. */
export function facts(
  rows: readonly (readonly [label: string, value: string | null])[],
  style: Style,
): string[] {
  const shown = rows.filter((row): row is readonly [string, string] => row[1] !== null);
  const width = Math.max(0, ...shown.map(([label]) => label.length));
  return shown.map(([label, value]) => `${style.dim(label.padEnd(width))}  ${printable(value)}`);
}

/** Text that cannot move the cursor or colour the terminal. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about.
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "?");
}

/** `3 files`, `1 file`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** A size for people: `512 B`, `3.4 KiB`. */
export function sizeText(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB"];
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return unit === 0 ? `${bytes} B` : `${value.toFixed(1)} ${units[unit]}`;
}
