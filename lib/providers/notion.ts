/** Notion: pages and database rows, databases, users. Ids are hyphenated in rows and bare in `by-id` names. */
import { byBucket, byEdited, byKey, child, isRecord, omit, records, rest, text } from "./_read.ts";
import type {
  Params,
  ProviderDefinition,
  ProviderRecord,
  ResourceDefinition,
  WebhookReading,
} from "./definition.ts";
import { NOTION_COMMENT, NOTION_CONTENT, NOTION_PAGE, NOTION_ROW } from "./schemas/notion.ts";

const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const idOf = (record: ProviderRecord) => text(record, "id");
const bareId = (record: ProviderRecord) => idOf(record).replaceAll("-", "") || null;
const updatedOf = (record: ProviderRecord) => text(record, "last_edited_time", "created_time");

/** Plain text of a rich text list. */
function plain(record: ProviderRecord, place: string): string {
  return records(record, place)
    .map((part) => text(part, "plain_text", "text.content"))
    .join("");
}

/** The title of a page: the one property of type title, whatever its name. */
function titleOf(record: ProviderRecord): string {
  const properties = Object.values(child(record, "properties") ?? {}).filter(isRecord);
  const title = properties.find((property) => property.type === "title");
  return title === undefined ? plain(record, "title") : plain(title, "title");
}

const databaseOf = (record: ProviderRecord) => text(record, "parent.database_id");
const parentOf = (record: ProviderRecord) => ({
  parent_id: text(record, "parent.database_id", "parent.page_id", "parent.block_id"),
  parent_type: text(record, "parent.type"),
});

const databases: ResourceDefinition = {
  name: "databases",
  objectType: "database",
  about: "Databases: their columns; the rows lie below each",
  path: "/notion/databases",
  readOnly: "the columns of a database are changed in Notion itself",
  records: {
    models: ["Database", "NotionDatabase"],
    id: idOf,
    idPattern: UUID,
    title: (record) => plain(record, "title"),
    updated: updatedOf,
    file: "{id}/meta.json",
    label: () => "",
    index: parentOf,
    aliases: [byKey("by-id", bareId), { kind: "title-and-id", segment: "by-title" }],
  },
};

const pageCall = (id: string) => `/v1/pages/${encodeURIComponent(id)}`;

const pages: ResourceDefinition = {
  name: "pages",
  objectType: "page",
  about: "Pages; those that are rows of a database lie below the database",
  path: "/notion/pages",
  records: {
    models: ["Page", "NotionPage"],
    id: idOf,
    idPattern: UUID,
    title: titleOf,
    updated: updatedOf,
    file: "{id}/meta.json",
    label: () => "",
    place: "/notion/databases/{databaseId}/pages",
    params: (record): Params => (databaseOf(record) === "" ? {} : { databaseId: databaseOf(record) }),
    index: parentOf,
    aliases: [
      byKey("by-id", bareId),
      { kind: "title-and-id", segment: "by-title" },
      byBucket("by-database", "raw", databaseOf),
      byBucket("by-parent", "raw", (record) => {
        const { parent_id: id, parent_type: type } = parentOf(record);
        return id === "" ? "" : `${type === "database_id" ? "database" : "page"}-${id}`;
      }),
      byEdited("last_edited_time", "created_time"),
    ],
    digestName: (id) => `page ${id.slice(0, 8)}`,
  },
  write: {
    schema: NOTION_PAGE,
    update: ({ id, body }) => rest("PATCH", pageCall(id), body),
    delete: ({ id }) => rest("PATCH", pageCall(id), { archived: true }),
    read: ({ id }) => rest("GET", pageCall(id)),
  },
};

const rows: ResourceDefinition = {
  name: "database-pages",
  objectType: "page",
  about: "New rows of one database",
  path: "/notion/databases/{databaseId}/pages",
  parent: { param: "databaseId", resource: "databases" },
  write: {
    schema: NOTION_ROW,
    example: { properties: { Name: { title: [{ text: { content: "Write the release notes" } }] } } },
    produces: "pages",
    create: ({ params, body }) =>
      rest("POST", "/v1/pages", { parent: { database_id: params.databaseId }, ...body }),
  },
};

/** A file beside a page's meta.json that stands for one part of it. */
function pagePart(
  home: "pages" | "databases",
  file: string,
  part: Pick<ResourceDefinition, "about"> & { write: NonNullable<ResourceDefinition["write"]> },
): ResourceDefinition {
  const inDatabase = home === "databases";
  const name = `${inDatabase ? "row" : "page"}-${file.split(".")[0]}`;
  const path = `/notion/${inDatabase ? "databases/{databaseId}/pages" : "pages"}/{pageId}/${file}`;
  return { name, objectType: "page", path, parent: { param: "pageId", resource: "pages" }, ...part };
}

function partsOf(home: "pages" | "databases"): ResourceDefinition[] {
  return [
    pagePart(home, "properties.json", {
      about: "Write this file to change the page's properties",
      write: {
        schema: { properties: NOTION_PAGE.properties, required: [] },
        produces: "pages",
        // The properties themselves may be written without the wrapper.
        shape: (body) =>
          isRecord(body.properties) || body.archived !== undefined ? body : { properties: body },
        update: ({ id, body }) => rest("PATCH", pageCall(id), body),
      },
    }),
    pagePart(home, "content.md", {
      about: "Write this file to replace the page's text",
      write: {
        schema: NOTION_CONTENT,
        produces: "pages",
        answerIsRecord: false,
        update: ({ id, body }) => rest("PATCH", `${pageCall(id)}/markdown`, body),
      },
    }),
    pagePart(home, "comments.json", {
      about: "Action: write this file to comment on the page",
      write: {
        schema: NOTION_COMMENT,
        example: { text: "Looks good to me." },
        produces: null,
        create: ({ params, body }) =>
          rest("POST", "/v1/comments", {
            parent: { page_id: params.pageId },
            ...omit(body, ["text"]),
            ...("text" in body ? { rich_text: [{ text: { content: body.text } }] } : {}),
          }),
      },
    }),
  ];
}

const users: ResourceDefinition = {
  name: "users",
  objectType: "user",
  about: "People and bots of the workspace",
  path: "/notion/users",
  readOnly: "people are managed in Notion itself",
  records: {
    models: ["User", "NotionUser"],
    id: idOf,
    idPattern: UUID,
    title: (record) => text(record, "name"),
    updated: () => "",
    file: "{id}.json",
    label: () => "",
    index: (record) => ({ is_bot: record.type === "bot" }),
    aliases: [byKey("by-id", bareId), { kind: "title", segment: "by-name" }],
  },
};

/** Notion's webhooks name what changed without its content; deliveries of a sync source carry the object itself. */
function webhook(payload: ProviderRecord): WebhookReading {
  const kinds: Readonly<Record<string, string>> = { page: "pages", database: "databases", user: "users" };
  const record = child(payload, "data.object") ?? (text(payload, "object") === "" ? null : payload);
  const resource = record === null ? undefined : kinds[text(record, "object")];
  if (record !== null && resource !== undefined) return { kind: "records", records: [{ resource, record }] };
  const type = text(payload, "type");
  const entity = text(payload, "entity.type");
  if (/^page\.(?:deleted)$/.test(type) && entity === "page") {
    const gone = { id: text(payload, "entity.id") };
    return { kind: "records", records: [{ resource: "pages", record: gone, deleted: true }] };
  }
  if (type !== "")
    return {
      kind: "not_applicable",
      reason: `Notion ${type} names a change without its content; the next sync brings it`,
    };
  return { kind: "rejected", reason: "a Notion webhook has type and entity, or an object" };
}

/** Notion. */
export const notion: ProviderDefinition = {
  id: "notion",
  title: "Notion",
  aliases: ["notion-relay"],
  about:
    "A page is a directory named by its id; the record is meta.json, and content.md, properties.json and comments.json beside it are for writing. Rows of a database lie below the database. Names under by-id are ids without hyphens.",
  resources: [databases, pages, rows, ...partsOf("pages"), ...partsOf("databases"), users],
  queries: [
    "ls /notion/pages/by-title",
    "cat /notion/databases/_index.json",
    "jq -r '.[] | select(.parent_type == \"database_id\") | .canonicalPath' /notion/pages/_index.json",
  ],
  api: { url: "https://api.notion.com" },
  headers: { "notion-version": "2022-06-28" },
  webhook,
};
