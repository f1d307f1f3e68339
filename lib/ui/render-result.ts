/** One document, two forms: JSON as it is, or the text of its view. */
import type { Document } from "../../commands/_command.ts";
import { printableDeep } from "../model/printable.ts";
import type { Style } from "./style.ts";

/** The document as stdout gets it, ending with a newline. */
export async function renderResult(document: Document, json: boolean, style: Style): Promise<string> {
  if (json) return `${JSON.stringify(document, null, 2)}\n`;
  const { VIEWS } = await import("./views/mod.ts");
  const load = Object.hasOwn(VIEWS, document.kind) ? VIEWS[document.kind] : undefined;
  const shown = printableDeep(document);
  const text = load === undefined ? keyValueLines(shown) : (await load()).default(shown, style);
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}

/** `key: value` lines of a document without a view; nested values stay on one line as JSON. */
export function keyValueLines(document: Document): string {
  return Object.entries(document)
    .filter(([key, value]) => key !== "schemaVersion" && key !== "kind" && value !== undefined)
    .map(([key, value]) => `${key}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join("\n");
}
