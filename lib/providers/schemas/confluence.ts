/** Write documents of Confluence Cloud (REST v2). */
import type { SchemaNode, WriteSchema } from "../definition.ts";

const PAGE: Readonly<Record<string, SchemaNode>> = {
  title: { type: "string", minLength: 1, description: "Title; unique within the space." },
  body: {
    type: ["string", "object"],
    description: "Storage format as text, or {representation, value}.",
  },
  status: { type: "string", enum: ["current", "draft"] },
  parentId: { type: ["string", "null"], description: "Page above this one." },
  version: {
    type: ["integer", "object"],
    description: "Left out, the next version is used; {number} is the version you read.",
  },
};

/** Pages, when the path does not say the space. */
export const CONFLUENCE_PAGE: WriteSchema = {
  properties: {
    spaceId: { type: "string", description: "Numeric id of the space; only when creating." },
    ...PAGE,
  },
  required: ["title", "spaceId", "body"],
};

/** Pages of the space in the path. */
export const CONFLUENCE_SPACE_PAGE: WriteSchema = { properties: PAGE, required: ["title", "body"] };
