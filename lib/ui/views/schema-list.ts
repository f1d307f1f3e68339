/** The names of published schemas. */
import type { SchemaListDocument } from "../../../commands/schema.ts";
import type { Style } from "../style.ts";
import { columns } from "../text.ts";

/** One line per schema. */
export default function schemaListView(document: SchemaListDocument, style: Style): string {
  return columns(
    document.schemas.map(({ name, description }) => [name, description] as const),
    style.width,
  );
}
