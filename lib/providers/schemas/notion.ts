/** Write documents of Notion (API version 2022-06-28). */
import type { SchemaNode, WriteSchema } from "../definition.ts";

const PAGE: Readonly<Record<string, SchemaNode>> = {
  properties: { type: "object", description: "Values by property name, as Notion shows them in the record." },
  archived: { type: "boolean", description: "true moves the page to the trash." },
  icon: { type: ["object", "null"] },
  cover: { type: ["object", "null"] },
};

/** Pages, when editing. */
export const NOTION_PAGE: WriteSchema = { properties: PAGE, required: [] };

/** New rows of a database. */
export const NOTION_ROW: WriteSchema = {
  properties: {
    properties: { ...PAGE.properties, description: "Values by property name; the title property is needed." },
    icon: { type: ["object", "null"] },
    children: { type: "array", items: { type: "object" }, description: "Blocks of the new page." },
  },
  required: ["properties"],
};

/** The text of a page. */
export const NOTION_CONTENT: WriteSchema = {
  properties: {
    markdown: { type: "string", description: "The whole page as Markdown; the file itself is Markdown." },
  },
  required: ["markdown"],
};

/** A comment on a page. */
export const NOTION_COMMENT: WriteSchema = {
  properties: {
    text: { type: "string", minLength: 1, description: "Plain text, instead of rich_text." },
    rich_text: { type: "array", items: { type: "object" }, minItems: 1 },
    discussion_id: { type: "string", description: "Thread to answer in." },
  },
  required: [],
  anyOf: [{ required: ["text"] }, { required: ["rich_text"] }],
};
