/** The outputs whose shape is published: name -> zod schema, loaded when asked for. Add a line to publish another. */
import type { z } from "zod";

/** A published schema. */
export interface PublishedSchema {
  readonly description: string;
  readonly load: () => Promise<z.ZodType>;
}

/** Published schemas by name, as `relayfile schema NAME` knows them. */
export const SCHEMAS: Readonly<Record<string, PublishedSchema>> = {
  demo: {
    description: "relayfile demo --json",
    load: async () => (await import("./_documents.ts")).DemoDocumentSchema,
  },
  error: {
    description: "what any command prints under --json when it fails",
    load: async () => (await import("./_documents.ts")).ErrorDocumentSchema,
  },
  help: {
    description: "relayfile help --json",
    load: async () => (await import("./_documents.ts")).HelpDocumentSchema,
  },
  report: {
    description: "what relayfile doctor and relayfile verify print under --json",
    load: async () => (await import("../verify/report.ts")).Report,
  },
  version: {
    description: "relayfile version --json",
    load: async () => (await import("./_documents.ts")).VersionDocumentSchema,
  },
};
