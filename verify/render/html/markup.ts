/** HTML is only made here: every value that enters a template is escaped, unless it was made by a template itself. */

/** Finished HTML. */
export class Markup {
  constructor(readonly text: string) {}
}

/** What may stand in a template. `null`, `undefined` and `false` are nothing; a list is its parts in order. */
export type Piece = Markup | string | number | null | undefined | false | readonly Piece[];

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "`": "&#96;",
};

/** A template whose values are text, safe in elements and in quoted attributes. Never put one into a tag or a style name. */
export function html(strings: TemplateStringsArray, ...values: readonly Piece[]): Markup {
  let text = strings[0] ?? "";
  values.forEach((value, index) => {
    text += piece(value) + (strings[index + 1] ?? "");
  });
  return new Markup(text);
}

/** Text as HTML. */
export function escapeHtml(text: string): string {
  return text
    .toWellFormed()
    .replaceAll("\0", "\ufffd")
    .replace(/[&<>"'`]/g, (char) => ENTITIES[char] ?? char);
}

function piece(value: Piece): string {
  if (value === null || value === undefined || value === false) return "";
  if (value instanceof Markup) return value.text;
  if (typeof value === "string") return escapeHtml(value);
  if (typeof value === "number") return String(value);
  return value.map(piece).join("");
}
