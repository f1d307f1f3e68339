/** `relayfile schema [NAME]`: the JSON Schema of an output, from the declaration that tests validate it with. */
import { fail } from "../lib/errors.ts";
import { didYouMean } from "../lib/model/suggest.ts";
import { command, type Document } from "./_command.ts";
import { SCHEMAS } from "./_schemas.ts";

/** One published schema. In text form only `schema` is printed. */
export interface SchemaDocument extends Document {
  readonly kind: "relayfile.schema";
  readonly name: string;
  /** JSON Schema, draft 2020-12. */
  readonly schema: unknown;
}

/** The names one may ask for. */
export interface SchemaListDocument extends Document {
  readonly kind: "relayfile.schema-list";
  readonly schemas: readonly { readonly name: string; readonly description: string }[];
}

export default command({
  name: "schema",
  description: "Print the JSON Schema of an output; without a name list them",
  args: { name: { type: "positional", description: "Name of the schema, or list" } },
  examples: [
    ["relayfile schema list", "the names"],
    ["relayfile schema error", "what a failing command prints under --json"],
  ],
  run: async ({ name }) => {
    if (name === undefined || name === "list") {
      const schemas = Object.entries(SCHEMAS).map(([each, { description }]) => ({ name: each, description }));
      const list: SchemaListDocument = { schemaVersion: "1.0", kind: "relayfile.schema-list", schemas };
      return { document: list, exit: "PASS" };
    }
    const published = Object.hasOwn(SCHEMAS, name) ? SCHEMAS[name] : undefined;
    if (published === undefined) {
      const known = Object.keys(SCHEMAS);
      return fail("usage", `no schema ${JSON.stringify(name)}${didYouMean(name, known)}`, {
        hint: "relayfile schema",
      });
    }
    const { toJSONSchema } = await import("zod");
    const schema = toJSONSchema(await published.load(), { io: "output", unrepresentable: "any" });
    const document: SchemaDocument = { schemaVersion: "1.0", kind: "relayfile.schema", name, schema };
    return { document, exit: "PASS" };
  },
});
