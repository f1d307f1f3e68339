/** Notion's API as far as writebacks use it: pages, their Markdown, and comments; errors as `{object: "error", code}`. */
import {
  NOTION_DATABASES,
  NOTION_PAGES,
  NOTION_USERS,
  type NotionRecord,
  notionPage,
  richText,
} from "./seed/notion.ts";
import {
  byId,
  isObject,
  nowOf,
  objectOf,
  overTables,
  type SimulatedAnswer,
  type SimulatedProvider,
  type SimulatedRecord,
  type SimulatedRequest,
  type SimulatorWorld,
} from "./simulator.ts";

const TEXT_MAX = 2_000;

interface State {
  readonly world: SimulatorWorld;
  readonly pages: Map<string, NotionRecord>;
  readonly databases: Map<string, NotionRecord>;
}

function refused(status: number, code: string, message: string): SimulatedAnswer {
  return { status, body: { object: "error", status, code, message, request_id: "simulated" } };
}

/** A simulated Notion workspace holding the seed. */
export function simulateNotion(world: SimulatorWorld): SimulatedProvider {
  const state: State = {
    world,
    pages: byId(world, "notion.pages", NOTION_PAGES),
    databases: byId(world, "notion.databases", NOTION_DATABASES),
  };
  return {
    id: "notion",
    handle: (request) => handle(state, request),
    ...overTables("notion", {
      page: state.pages,
      database: state.databases,
      user: byId(world, "notion.users", NOTION_USERS),
    }),
    learn(_event, payload) {
      if (payload.object === "page" && typeof payload.id === "string")
        state.pages.set(payload.id, payload as NotionRecord);
    },
  };
}

function handle(state: State, request: SimulatedRequest): SimulatedAnswer {
  if (!request.headers.has("authorization")) return refused(401, "unauthorized", "API token is invalid.");
  if (!request.headers.has("notion-version")) {
    return refused(
      400,
      "missing_version",
      "Notion-Version header failed validation: Notion-Version header should be defined.",
    );
  }
  const body = objectOf(request.body);
  if (request.method === "POST" && request.path === "/v1/pages") return create(state, body);
  if (request.method === "POST" && request.path === "/v1/comments") return comment(state, body);
  const match = /^\/v1\/pages\/([^/]+)(\/markdown)?$/.exec(request.path);
  if (match === null) return refused(400, "invalid_request_url", "Invalid request URL.");
  const page = pageOf(state, match[1]);
  if (page === undefined)
    return refused(404, "object_not_found", `Could not find page with ID: ${match[1]}.`);
  if (request.method === "GET" && match[2] === undefined) return { status: 200, body: page };
  if (request.method !== "PATCH") return refused(400, "invalid_request_url", "Invalid request URL.");
  return match[2] === undefined ? update(state, page, body) : setMarkdown(state, page, body);
}

/** Ids are accepted with and without hyphens. */
function pageOf(state: State, id: unknown): NotionRecord | undefined {
  const bare = String(id).replaceAll("-", "");
  return [...state.pages.values()].find((page) => page.id.replaceAll("-", "") === bare);
}

/** The first text longer than Notion takes, as an error; null when there is none. */
function tooLong(value: unknown, place: string): SimulatedAnswer | null {
  if (Array.isArray(value))
    return value.map((item, n) => tooLong(item, `${place}[${n}]`)).find((found) => found !== null) ?? null;
  if (!isObject(value)) return null;
  const content = objectOf(value.text).content;
  if (typeof content === "string" && content.length > TEXT_MAX) {
    return refused(
      400,
      "validation_error",
      `${place}.text.content.length should be ≤ \`${TEXT_MAX}\`, instead was \`${content.length}\`.`,
    );
  }
  return (
    Object.entries(value)
      .map(([key, inner]) => tooLong(inner, `${place}.${key}`))
      .find((found) => found !== null) ?? null
  );
}

/** Written property values as a page holds them. */
function mergedProperties(page: NotionRecord, given: SimulatedRecord): SimulatedRecord | SimulatedAnswer {
  const known = objectOf(page.properties);
  const merged: SimulatedRecord = { ...known };
  for (const [name, value] of Object.entries(given)) {
    const property = objectOf(known[name]);
    if (known[name] === undefined)
      return refused(400, "validation_error", `${name} is not a property that exists.`);
    const type = String(property.type);
    const written = objectOf(value)[type];
    if (written === undefined) return refused(400, "validation_error", `${name} is expected to be ${type}.`);
    const isText = type === "title" || type === "rich_text";
    const stored =
      isText && Array.isArray(written)
        ? written.flatMap((part) => richText(String(objectOf(objectOf(part).text).content ?? "")))
        : written;
    merged[name] = { ...property, [type]: stored };
  }
  return merged;
}

function isAnswer(value: SimulatedRecord | SimulatedAnswer): value is SimulatedAnswer {
  return typeof value.status === "number" && "body" in value;
}

function update(state: State, page: NotionRecord, body: SimulatedRecord): SimulatedAnswer {
  const long = tooLong(body.properties, "body.properties");
  if (long !== null) return long;
  const properties = mergedProperties(page, objectOf(body.properties));
  if (isAnswer(properties)) return properties;
  const { archived, icon, cover } = body;
  const updated = {
    ...page,
    properties,
    ...(typeof archived === "boolean" ? { archived, in_trash: archived } : {}),
    ...(icon === undefined ? {} : { icon }),
    ...(cover === undefined ? {} : { cover }),
    last_edited_time: nowOf(state.world),
  };
  state.pages.set(page.id, updated);
  return { status: 200, body: updated };
}

function setMarkdown(state: State, page: NotionRecord, body: SimulatedRecord): SimulatedAnswer {
  if (typeof body.markdown !== "string")
    return refused(400, "validation_error", "body.markdown should be a string.");
  state.pages.set(page.id, { ...page, last_edited_time: nowOf(state.world) });
  return {
    status: 200,
    body: { object: "page_markdown", id: page.id, markdown: body.markdown, truncated: false },
  };
}

function create(state: State, body: SimulatedRecord): SimulatedAnswer {
  const databaseId = objectOf(body.parent).database_id;
  const database = state.databases.get(String(databaseId));
  if (database === undefined)
    return refused(404, "object_not_found", `Could not find database with ID: ${databaseId}.`);
  const long = tooLong(body.properties, "body.properties");
  if (long !== null) return long;
  const id = state.world.random.uuid();
  const blank = blankPage(state, database, id);
  const properties = mergedProperties(blank, objectOf(body.properties));
  if (isAnswer(properties)) return properties;
  const page = { ...blank, properties, created_time: nowOf(state.world) };
  state.pages.set(id, page);
  return { status: 200, body: page };
}

/** A page without values in a database; one from elsewhere says its properties itself. */
function blankPage(state: State, database: NotionRecord, id: string): NotionRecord {
  const index = NOTION_DATABASES.findIndex((seed) => seed.id === database.id);
  const blank = notionPage({ n: 0, title: "", database: Math.max(0, index), id, edited: nowOf(state.world) });
  if (index >= 0) return blank;
  const properties = Object.fromEntries(
    Object.entries(objectOf(database.properties)).map(([name, property]) => {
      const { id: propertyId, type } = objectOf(property);
      const isList = ["title", "rich_text", "multi_select", "people", "files", "relation"].includes(
        String(type),
      );
      return [name, { id: propertyId, type, [String(type)]: isList ? [] : null }];
    }),
  );
  const parent = { type: "database_id", database_id: database.id };
  return { ...blank, parent, properties };
}

function comment(state: State, body: SimulatedRecord): SimulatedAnswer {
  const page = pageOf(state, objectOf(body.parent).page_id);
  if (page === undefined) return refused(404, "object_not_found", "Could not find page.");
  const text = Array.isArray(body.rich_text) ? body.rich_text : [];
  if (text.length === 0) return refused(400, "validation_error", "body.rich_text should be defined.");
  const id = state.world.random.uuid();
  const now = nowOf(state.world);
  const parent = { type: "page_id", page_id: page.id };
  return {
    status: 200,
    body: {
      object: "comment",
      id,
      parent,
      discussion_id: state.world.random.uuid(),
      created_time: now,
      last_edited_time: now,
      rich_text: text,
    },
  };
}
