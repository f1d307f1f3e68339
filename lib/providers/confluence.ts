/** Confluence Cloud: pages, found below their space, and spaces. Versions are counted up for the writer. */
import { byBucket, byEdited, byKey, child, isRecord, omit, rest, text } from "./_read.ts";
import type {
  Params,
  ProviderDefinition,
  ProviderRecord,
  ResourceDefinition,
  WebhookReading,
  WriteInput,
} from "./definition.ts";
import { CONFLUENCE_PAGE, CONFLUENCE_SPACE_PAGE } from "./schemas/confluence.ts";

const API = "/wiki/api/v2";
const idOf = (record: ProviderRecord) => text(record, "id");
const spaceOf = (record: ProviderRecord) => text(record, "spaceId", "space.id");

/** `{representation, value}` for a body that was written as text or copied from a record. */
function bodyOf(body: unknown): unknown {
  if (typeof body === "string") return { representation: "storage", value: body };
  const stored = isRecord(body) ? child(body, "storage") : null;
  return stored === null ? body : { representation: "storage", value: text(stored, "value") };
}

/** The next version: one more than the version read, or the very number that was written. */
function versionOf({ body, current }: WriteInput): unknown {
  if (typeof body.version === "number") return { number: body.version };
  const read = Number(
    text(body, "version.number") || (current === null ? "" : text(current, "version.number")) || 0,
  );
  return { number: read + 1 };
}

/** A page is replaced as a whole, so what was not written is taken from the record. */
function replacement(input: WriteInput): ProviderRecord {
  const { id, body, current } = input;
  const known = current ?? {};
  const content = body.body ?? known.body;
  return {
    id,
    status: body.status ?? known.status ?? "current",
    title: body.title ?? known.title,
    ...("parentId" in body ? { parentId: body.parentId } : {}),
    ...(content === undefined ? {} : { body: bodyOf(content) }),
    version: versionOf(input),
  };
}

const pageCall = (id: string) => `${API}/pages/${encodeURIComponent(id)}`;
const create = ({ body, params }: WriteInput) => {
  const spaceId = body.spaceId ?? params.spaceId;
  return rest("POST", `${API}/pages`, {
    status: "current",
    ...omit(body, ["version"]),
    spaceId,
    body: bodyOf(body.body),
  });
};

const spaces: ResourceDefinition = {
  name: "spaces",
  objectType: "space",
  about: "Spaces",
  path: "/confluence/spaces",
  readOnly: "spaces are changed in Confluence itself",
  records: {
    models: ["Space", "ConfluenceSpace"],
    id: idOf,
    idPattern: "\\d+",
    title: (record) => text(record, "name"),
    updated: (record) => text(record, "createdAt"),
    file: "{label}__{id}.json",
    index: (record) => ({ key: text(record, "key") }),
    aliases: [
      byKey("by-id", (record) => idOf(record) || null),
      { kind: "title", segment: "by-title" },
      byKey("by-key", (record) => text(record, "key") || null),
    ],
  },
};

const pages: ResourceDefinition = {
  name: "pages",
  objectType: "page",
  about: "Pages of all spaces: their index and aliases are here, the pages themselves below their space",
  path: "/confluence/pages",
  may2026NoEditRoute: true,
  records: {
    models: ["Page", "ConfluencePage"],
    id: idOf,
    idPattern: "\\d+",
    title: (record) => text(record, "title"),
    updated: (record) => text(record, "version.createdAt", "createdAt"),
    file: "{label}__{id}.json",
    place: "/confluence/spaces/{spaceId}/pages",
    params: (record): Params => (spaceOf(record) === "" ? {} : { spaceId: spaceOf(record) }),
    index: (record) => ({ spaceId: spaceOf(record), status: text(record, "status") }),
    aliases: [
      byKey("by-id", (record) => idOf(record) || null),
      { kind: "title", segment: "by-title" },
      byBucket("by-state", "state", (record) => text(record, "status")),
      byBucket("by-space", "raw", spaceOf),
      byBucket("by-parent", "raw", (record) => text(record, "parentId")),
      byEdited("version.createdAt", "createdAt"),
    ],
  },
  write: {
    schema: CONFLUENCE_PAGE,
    example: { title: "Release notes", spaceId: "65538", body: "<p>First draft.</p>" },
    create,
    update: (input) => rest("PUT", pageCall(input.id), replacement(input)),
    delete: ({ id }) => rest("DELETE", pageCall(id)),
    read: ({ id }) => rest("GET", `${pageCall(id)}?body-format=storage`),
  },
};

const spacePages: ResourceDefinition = {
  name: "space-pages",
  objectType: "page",
  about: "New pages in one space",
  path: "/confluence/spaces/{spaceId}/pages",
  parent: { param: "spaceId", resource: "spaces" },
  write: {
    schema: CONFLUENCE_SPACE_PAGE,
    example: { title: "Release notes", body: "<p>First draft.</p>" },
    produces: "pages",
    create,
  },
};

function webhook(payload: ProviderRecord): WebhookReading {
  const event = text(payload, "event", "eventType", "webhookEvent");
  const page = child(payload, "page");
  const space = child(payload, "space");
  const record = page ?? space;
  if (record === null) {
    return event === ""
      ? { kind: "rejected", reason: "a Confluence webhook has event and page or space" }
      : { kind: "not_applicable", reason: `Confluence ${event} events have no files` };
  }
  const gone = /(?:removed|deleted|trashed)$/.test(event) ? ({ deleted: true } as const) : {};
  return { kind: "records", records: [{ resource: page === null ? "spaces" : "pages", record, ...gone }] };
}

/** Confluence. */
export const confluence: ProviderDefinition = {
  id: "confluence",
  title: "Confluence",
  aliases: ["confluence-relay", "confluence-cloud"],
  about:
    "A page lies below its space; /confluence/pages holds the index of all pages and copies by title, state, space, parent and date. Bodies are in storage format.",
  resources: [spaces, pages, spacePages],
  queries: [
    "cat /confluence/spaces/by-key/ENG.json",
    "cat /confluence/pages/by-title/release-notes.json",
    "jq -r '.[] | select(.status == \"current\") | .canonicalPath' /confluence/pages/_index.json",
  ],
  api: { url: "https://api.atlassian.com", prefix: "/ex/confluence/{cloudId}" },
  headers: { accept: "application/json" },
  deliveryHeader: "x-atlassian-webhook-identifier",
  webhook,
};
