/** A small Notion workspace, invented by us in the shape of the public API: two databases with every common property type, their rows, and pages beside them. */

/** A record as Notion's API gives it. */
export type NotionRecord = Record<string, unknown> & { id: string };

/** A stable id: kind and number are readable in it. */
export function notionId(kind: number, n: number): string {
  return `${kind.toString(16).padStart(8, "0")}-51de-4a7c-8f10-${n.toString(16).padStart(12, "0")}`;
}

const KIND = { user: 0xa1, database: 0xb2, page: 0xc3 };
const at = (n: number, hour = 7) => new Date(Date.UTC(2026, 3, 1 + n, hour, 30)).toISOString();

/** A rich text list with one part. */
export function richText(content: string): unknown[] {
  if (content === "") return [];
  const annotations = {
    bold: false,
    italic: false,
    strikethrough: false,
    underline: false,
    code: false,
    color: "default",
  };
  return [{ type: "text", text: { content, link: null }, annotations, plain_text: content, href: null }];
}

/** People and one bot. */
export const NOTION_USERS: readonly NotionRecord[] = [
  "Ana Oliveira",
  "Björn Ångström",
  "Chidi Okafor",
  "Sync Bot",
].map((name, n) => ({
  object: "user",
  id: notionId(KIND.user, n + 1),
  name,
  avatar_url: null,
  type: n === 3 ? "bot" : "person",
  ...(n === 3
    ? { bot: { owner: { type: "workspace", workspace: true }, workspace_name: "Harbor" } }
    : { person: { email: `p${n}@harbor.example` } }),
}));

const userRef = (n: number) => ({ object: "user", id: notionId(KIND.user, n + 1) });

/** Databases: tasks, with sixteen property types, and a reading list. */
export const NOTION_DATABASES: readonly NotionRecord[] = ["Tasks", "Reading list ☕"].map((title, n) => ({
  object: "database",
  id: notionId(KIND.database, n + 1),
  cover: null,
  icon: n === 0 ? { type: "emoji", emoji: "✅" } : null,
  created_time: at(-90),
  created_by: userRef(0),
  last_edited_by: userRef(1),
  last_edited_time: at(n),
  title: richText(title),
  description: [],
  is_inline: false,
  properties: {
    Name: { id: "title", name: "Name", type: "title", title: {} },
    Status: { id: "s%3A1", name: "Status", type: "status", status: { options: [], groups: [] } },
    Tags: { id: "t%3A1", name: "Tags", type: "multi_select", multi_select: { options: [] } },
  },
  parent: { type: "workspace", workspace: true },
  url: `https://www.notion.so/${notionId(KIND.database, n + 1).replaceAll("-", "")}`,
  public_url: null,
  archived: false,
  in_trash: false,
}));

/** What tells one page from another. */
export interface NotionPageSpec {
  readonly n: number;
  readonly title: string;
  readonly database: number | null;
  readonly parent?: number;
  readonly archived?: boolean;
  readonly edited?: string;
  readonly id?: string;
}

/** Values of the sixteen property types of a task. */
function taskProperties({ n, title }: NotionPageSpec): Record<string, unknown> {
  const option = (name: string) => ({ id: name.toLowerCase(), name, color: "default" });
  return {
    Name: { id: "title", type: "title", title: richText(title) },
    Status: {
      id: "s%3A1",
      type: "status",
      status: n % 3 === 0 ? null : option(["Not started", "In progress", "Done"][n % 3] ?? "Done"),
    },
    Tags: {
      id: "t%3A1",
      type: "multi_select",
      multi_select: n % 2 === 0 ? [option("urgent"), option("docs")] : [],
    },
    Area: { id: "a%3A1", type: "select", select: n % 4 === 0 ? null : option("Mirror") },
    Due: {
      id: "d%3A1",
      type: "date",
      date: n % 5 === 0 ? null : { start: "2026-06-30", end: null, time_zone: null },
    },
    Points: { id: "p%3A1", type: "number", number: n % 3 === 1 ? 2.5 : n % 3 === 2 ? 3 : null },
    Done: { id: "c%3A1", type: "checkbox", checkbox: n % 3 === 2 },
    Link: { id: "l%3A1", type: "url", url: n % 6 === 0 ? "https://harbor.example/a?b=c" : null },
    Contact: { id: "e%3A1", type: "email", email: null },
    Phone: { id: "f%3A1", type: "phone_number", phone_number: null },
    Notes: {
      id: "n%3A1",
      type: "rich_text",
      rich_text: richText(n % 4 === 2 ? "Zeile eins\nZeile zwei" : ""),
    },
    Owner: { id: "o%3A1", type: "people", people: n % 3 === 1 ? [] : [userRef(n % 3)] },
    Files: { id: "g%3A1", type: "files", files: [] },
    Blocks: { id: "r%3A1", type: "relation", relation: [], has_more: false },
    Sum: { id: "h%3A1", type: "formula", formula: { type: "number", number: n * 2 } },
    Created: { id: "i%3A1", type: "created_time", created_time: at(n - 20) },
    Number: { id: "j%3A1", type: "unique_id", unique_id: { prefix: "TASK", number: n + 1 } },
  };
}

/** A page in full. */
export function notionPage(spec: NotionPageSpec): NotionRecord {
  const { n, title, database } = spec;
  const id = spec.id ?? notionId(KIND.page, n + 1);
  const parent =
    database !== null
      ? { type: "database_id", database_id: notionId(KIND.database, database + 1) }
      : spec.parent === undefined
        ? { type: "workspace", workspace: true }
        : { type: "page_id", page_id: notionId(KIND.page, spec.parent + 1) };
  return {
    object: "page",
    id,
    created_time: at(n - 20),
    last_edited_time: spec.edited ?? at(n, 8 + (n % 10)),
    created_by: userRef(n % 3),
    last_edited_by: userRef((n + 1) % 3),
    cover: null,
    icon: n % 4 === 0 ? { type: "emoji", emoji: "📄" } : null,
    parent,
    archived: spec.archived === true,
    in_trash: spec.archived === true,
    properties:
      database === 0
        ? taskProperties(spec)
        : { Name: { id: "title", type: "title", title: richText(title) } },
    url: `https://www.notion.so/${id.replaceAll("-", "")}`,
    public_url: null,
  };
}

const TITLES: readonly string[] = [
  "Home",
  "Write the release notes",
  "Write the release notes",
  "Ask for reviews",
  "🎉",
  "",
  "Measure the first pull",
  "a/b or c?",
  "foo__bar",
  "Käse & Brot",
  "日本語のタスク",
  "قائمة",
  "A page whose title somebody kept adding to until it no longer fitted on the screen, in the sidebar, or in any file name that a sane file system would take",
  "Plan the offsite",
  "Order badges",
  "Fix the printer",
  "Renew certificates",
  "Test restore",
  "Interview questions",
  "Team lunch",
  "Q2 goals",
  "Q2 goals",
  "Sunset the importer",
  "Budget",
  "Style guide",
  "Crafting names",
  "A Philosophy of Design",
  "Thinking in files",
  "Old idea",
  "Scratch",
];

/** Pages: twenty tasks, four books, and pages of the workspace; one archived. */
export const NOTION_PAGES: readonly NotionRecord[] = TITLES.map((title, n) =>
  notionPage({
    n,
    title,
    database: n >= 1 && n <= 20 ? 0 : n >= 25 && n <= 27 ? 1 : null,
    ...(n > 20 && n < 25 ? { parent: 0 } : {}),
    archived: n === 28,
  }),
);
