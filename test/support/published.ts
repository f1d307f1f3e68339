/** Holds documents against the schemas that `relayfile schema` publishes. */
import { z } from "zod";
import { SCHEMAS } from "../../commands/_schemas.ts";

/** Kinds that were printed and validated in this process, without `relayfile.`. */
export const validatedKinds = new Set<string>();

/**
 * Throws unless the document satisfies its published schema and every field at its top is described there: readers
 * ignore what they do not know, so an undescribed field would be invisible to them.
 */
export async function requirePublished(document: Record<string, unknown>): Promise<void> {
  const name = String(document.kind).replace(/^relayfile\./, "");
  const published = SCHEMAS[name];
  if (published === undefined) throw new TypeError(`no schema is published for ${document.kind}`);
  const schema = await published.load();
  const parsed = schema.safeParse(document);
  if (!parsed.success)
    throw new TypeError(`${document.kind} violates its schema:\n${z.prettifyError(parsed.error)}`);
  const { properties = {} } = z.toJSONSchema(schema, { io: "output", unrepresentable: "any" }) as {
    properties?: object;
  };
  const unknown = Object.keys(document).filter((key) => !(key in properties));
  if (unknown.length > 0)
    throw new TypeError(
      `${document.kind} has fields that its schema in commands/_documents*.ts does not describe: ${unknown.join(", ")}`,
    );
  validatedKinds.add(name);
}
