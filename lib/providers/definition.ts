/**
 * What one provider declares. Every surface (layout text, paths, index rows, aliases, discovery files, writeback
 * routes, digest wording, webhook reading) is derived from these entries; nothing is said twice.
 */

/** A record as the provider sends it. */
export type ProviderRecord = Readonly<Record<string, unknown>>;

/** Values of a template's placeholders by name, decoded: `{ owner: "acme", repo: "web" }`. */
export type Params = Readonly<Record<string, string>>;

/** How a bucket name is made from a raw value: shared slug, Linear-style state slug, or the encoded value itself. */
export type BucketStyle = "slug" | "state" | "raw";

/** How May 2026 differed for one alias (see lib/model/era.ts, `emission`). */
export interface AliasEra {
  /** The key used then instead of today's. */
  readonly key?: (record: ProviderRecord) => string | null;
  /** True when it was rewritten on every sync, changed or not. */
  readonly alwaysRewritten?: true;
}

/** One `by-*` directory below a collection. Each leaf is byte-identical with the canonical record. */
export type AliasRule =
  /** `by-id/<key>.json`. */
  | {
      readonly kind: "key";
      readonly segment: string;
      readonly key: (record: ProviderRecord) => string | null;
      readonly may2026?: AliasEra;
    }
  /** `by-state/<bucket>/<id>.json`; a record may be in several buckets. */
  | {
      readonly kind: "bucket";
      readonly segment: string;
      readonly style: BucketStyle;
      readonly buckets: (record: ProviderRecord) => readonly string[];
      readonly may2026?: AliasEra;
    }
  /** `by-title/<slug>__<id>.json`. */
  | { readonly kind: "title-and-id"; readonly segment: string; readonly may2026?: AliasEra }
  /** `by-title/<slug>.json`; among equal slugs the smallest id keeps it, the others add `-<8 hex of SHA-256(id)>`. */
  | { readonly kind: "title"; readonly segment: string; readonly may2026?: AliasEra };

/** How records of a resource are read and placed. All functions are pure and never throw on odd records. */
export interface RecordRules {
  /** Model names under which batches and the simulator deliver these records. */
  readonly models: readonly string[];
  /** The id of the index row and of alias leaves; empty when the record has none (it is then rejected). */
  readonly id: (record: ProviderRecord) => string;
  /** Regular expression source that every id matches, unanchored. Decides "edit" versus "create". */
  readonly idPattern: string;
  /** Title for people, possibly empty. */
  readonly title: (record: ProviderRecord) => string;
  /** Last change, ISO 8601, or empty when the provider does not say. */
  readonly updated: (record: ProviderRecord) => string;
  /**
   * Place below the collection, from `{id}` and `{label}`: `{label}__{id}.json`, `{id}__{label}/meta.json`,
   * `{id}.json`, or from its params: `{owner}/{repo}/meta.json`. Without a label `{label}__` or `__{label}` is dropped.
   */
  readonly file: string;
  /** Text whose slug is the label, when it is not the title. */
  readonly labelText?: (record: ProviderRecord) => string;
  /** The label itself, when it is no slug. Not encoded further. */
  readonly label?: (record: ProviderRecord) => string;
  /** Regular expression source of labels; slugs when absent. */
  readonly labelPattern?: string;
  /** Values of the path's placeholders, from the record alone; null when it does not say. */
  readonly params?: (record: ProviderRecord) => Params | null;
  /** Columns of `_index.json` beside id, title, updated and canonicalPath; absent: the collection has no index. */
  readonly index?: (record: ProviderRecord) => Readonly<Record<string, unknown>>;
  readonly aliases?: readonly AliasRule[];
  /**
   * Collection that holds the record's file instead of `path`, when all its placeholders are among the record's
   * params; index and aliases stay below `path`.
   */
  readonly place?: string;
  /** A second index below /discovery, made from the rows: names and paths for people who look something up. */
  readonly lookup?: (row: ProviderRecord) => Readonly<Record<string, unknown>>;
  /** How the digest names a record; the label or id when absent. */
  readonly digestName?: (id: string) => string;
}

/** A call to the provider. Paths are below the provider's base URL. */
export type ProviderRequest =
  | { readonly kind: "rest"; readonly method: string; readonly path: string; readonly body?: unknown }
  | {
      readonly kind: "graphql";
      readonly query: string;
      readonly variables: Readonly<Record<string, unknown>>;
      /** Root field whose `success` decides, for a mutation; the field that holds the answer, for a query. */
      readonly root: string;
      /** Field below the root that holds the record, when it is not the root itself. */
      readonly entity?: string;
    };

/** What a request is made from. */
export interface WriteInput {
  /** Placeholders of the resource's path. */
  readonly params: Params;
  /** Id of the record; empty for a create. */
  readonly id: string;
  /** The validated write document; empty for a delete. */
  readonly body: ProviderRecord;
  /** The record as last synced, or null when unknown. */
  readonly current: ProviderRecord | null;
}

/** A node of a JSON Schema; only keywords we use. */
export type SchemaNode = { readonly [keyword: string]: unknown };

/** The write document: what a create or an edit may hold. */
export interface WriteSchema {
  readonly properties: Readonly<Record<string, SchemaNode>>;
  /** Needed to create. */
  readonly required: readonly string[];
  readonly anyOf?: readonly { readonly required: readonly string[] }[];
  readonly oneOf?: readonly { readonly required: readonly string[] }[];
}

/** A field that may hold a name, and the id field it becomes. */
export interface Reference {
  readonly from: string;
  readonly to: string;
  /** Resource whose `_index.json` holds the names. */
  readonly resource: string;
  /** Columns compared with the given name, in order, ignoring case. */
  readonly columns: readonly string[];
  /** True when the field holds a list. */
  readonly many?: true;
}

/** What is wrong with an answer whose status says success. */
export interface AnswerProblem {
  readonly problem: string;
  /** True when the same call may work later. */
  readonly passes: boolean;
}

/** How writes of a resource reach the provider. An absent operation is refused before any call. */
export interface WriteRules {
  readonly schema: WriteSchema;
  /** A smallest document that creates (or performs the action); validates against the schema. */
  readonly example?: ProviderRecord;
  /** Turns accepted spellings (a record's own shape) into the write document, before validation. */
  readonly shape?: (body: ProviderRecord) => ProviderRecord;
  readonly create?: (input: WriteInput) => ProviderRequest;
  readonly update?: (input: WriteInput) => ProviderRequest;
  readonly delete?: (input: WriteInput) => ProviderRequest;
  /** Reads one record, for answers that do not contain it. */
  readonly read?: (input: { readonly params: Params; readonly id: string }) => ProviderRequest;
  /** Names that people write instead of ids; resolved from the index of another resource before the call. */
  readonly references?: readonly Reference[];
  /** Resource whose record a write produces, when it is not this one; null when it produces none. */
  readonly produces?: string | null;
  /** True when the parent record changes and is read again afterwards. */
  readonly refreshesParent?: true;
  /** False when the answer to a write is not the record itself and `read` must fetch it. */
  readonly answerIsRecord?: false;
  /** The record inside an answer that wraps it; null when there is none. */
  readonly recordFrom?: (answer: ProviderRecord, input: WriteInput) => ProviderRecord | null;
  /** Problem of an answer that looks like a success, or null. */
  readonly answerProblem?: (answer: ProviderRecord, operation: "write" | "delete") => AnswerProblem | null;
}

/** One collection of records, or one write-only target. */
export interface ResourceDefinition {
  /** Unique within the provider: `issues`. */
  readonly name: string;
  /** Singular, as in envelopes: `issue`. */
  readonly objectType: string;
  /** What it holds, one sentence without a final period. */
  readonly about: string;
  /** Collection or exact file below the workspace root, with `{placeholders}`. */
  readonly path: string;
  /**
   * The placeholder that names a parent record of another resource of this provider. When this resource has records
   * too, its path starts with the parent's path and this placeholder; the parent may have a parent itself.
   */
  readonly parent?: { readonly param: string; readonly resource: string };
  /** Absent for write-only targets. */
  readonly records?: RecordRules;
  /** Absent for read-only resources. */
  readonly write?: WriteRules;
  /** Why its records cannot be edited; present exactly when there is no `update`. */
  readonly readOnly?: string;
  /** True when its canonical records had no writeback rule in May 2026 (cloud#780). */
  readonly may2026NoEditRoute?: true;
}

/** One record that a webhook delivers. */
export interface WebhookRecord {
  readonly resource: string;
  readonly record: ProviderRecord;
  /** The record is gone. */
  readonly deleted?: true;
  /** A partial or secondary copy: used only when nothing is stored yet. */
  readonly onlyIfAbsent?: true;
}

/** What a webhook means. */
export type WebhookReading =
  | { readonly kind: "records"; readonly records: readonly WebhookRecord[] }
  /** Understood and deliberately without files. */
  | { readonly kind: "not_applicable"; readonly reason: string }
  /** Not a webhook of this provider, or damaged. */
  | { readonly kind: "rejected"; readonly reason: string };

/** One provider. */
export interface ProviderDefinition {
  /** First path segment: `github`. */
  readonly id: string;
  readonly title: string;
  /** Connection keys that mean this provider, beside its id. */
  readonly aliases: readonly string[];
  /** Two or three sentences for LAYOUT.md and the adapter document. */
  readonly about: string;
  /** Parents before their children. */
  readonly resources: readonly ResourceDefinition[];
  /** Example shell lines for LAYOUT.md. */
  readonly queries: readonly string[];
  /** Where the provider's own API is. */
  readonly api: {
    /** Base URL without trailing slash. */
    readonly url: string;
    /** Put before every path; `{names}` come from the connection's metadata: `/ex/jira/{cloudId}`. */
    readonly prefix?: string;
    /** The authorization header for a token, when it is not `Bearer <token>`. */
    readonly authorization?: (token: string) => string;
  };
  /** Headers of every request beside authorization. */
  readonly headers: Readonly<Record<string, string>>;
  /** Header that carries the event name, lower case, when the body does not. */
  readonly eventHeader?: string;
  /** Header that carries the delivery id, lower case. */
  readonly deliveryHeader?: string;
  /** Reads one webhook; header names are lower case. */
  readonly webhook: (payload: ProviderRecord, headers: Readonly<Record<string, string>>) => WebhookReading;
  /** Removes private parts of a record before it is stored. Idempotent. */
  readonly redact?: (record: ProviderRecord, resource: string) => ProviderRecord;
}
