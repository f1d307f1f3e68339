/** The schema itself, ready to be saved. */
import type { SchemaDocument } from "../../../commands/schema.ts";

/** Indented JSON. */
export default function schemaView(document: SchemaDocument): string {
  return JSON.stringify(document.schema, null, 2);
}
