/** The text form of every document, by kind. A kind that is not here is printed as `key: value` lines. */
import type { Style } from "../style.ts";

/** Turns a document into text for people, without a final newline. Each view casts to the document it is for. */
// biome-ignore lint/suspicious/noExplicitAny: the kind in the table decides the type; a view declares its own.
export type View = (document: any, style: Style) => string;

/** Views by `kind`, loaded when needed. */
export const VIEWS: Record<string, () => Promise<{ default: View }>> = {
  "relayfile.completion": () => import("./completion.ts"),
  "relayfile.schema": () => import("./schema.ts"),
  "relayfile.schema-list": () => import("./schema-list.ts"),
  "relayfile.help": () => import("./help.ts"),
  "relayfile.version": () => import("./version.ts"),
};
