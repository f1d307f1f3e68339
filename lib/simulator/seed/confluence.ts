/** A small Confluence site, invented by us in the shape of the public REST API v2: spaces and pages with bodies. */

/** A record as Confluence's API gives it. */
export type ConfluenceRecord = Record<string, unknown> & { id: string };

const at = (n: number, hour = 10) => new Date(Date.UTC(2026, 3, 1 + n, hour, 4, 5, 678)).toISOString();
const account = (n: number) => `5b10a2844c20165700ede2${n % 5}g`;

/** Spaces: a team's, a personal one, and an archived one. */
export const CONFLUENCE_SPACES: readonly ConfluenceRecord[] = [
  ["65538", "ENG", "Engineering", "global", "current"],
  ["98306", "~5b10a2844c20165700ede21g", "Ana Oliveira", "personal", "current"],
  ["131074", "OLD", "Décisions 2024", "global", "archived"],
].map(([id = "", key, name, type, status], n) => ({
  id,
  key,
  name,
  type,
  status,
  authorId: account(n),
  createdAt: at(-300 + n),
  homepageId: String(200_001 + n),
  description: n === 1 ? null : { plain: { value: `Pages of ${name}`, representation: "plain" } },
  icon: null,
  currentActiveAlias: key,
  _links: { webui: `/spaces/${key}` },
}));

const TITLES: readonly string[] = [
  "Engineering home",
  "Release notes",
  "Release notes",
  "Runbook: the digest is late",
  "Runbook: the mirror stopped",
  "On-call 🚒",
  "📚",
  "Decision: one registry entry per provider",
  "a/b testing",
  "Über uns",
  "設計メモ",
  "مذكرة",
  "How to name things, why names matter more than comments, and what we learned in four years of renaming the same three modules again and again",
  "foo__bar",
  "100% coverage?",
  "Glossary",
  "Onboarding, week 1",
  "Onboarding, week 2",
  "Backups",
  "Restoring a backup",
  "Service levels",
  "Incident 2026-03-14",
  "Incident 2026-03-29",
  "Meeting notes",
  "Meeting notes",
  "Trailing dot.",
  "Architecture",
  "Costs",
  "Retired: the old importer",
  "Draft of the talk",
];

/** A page in full. */
export function confluencePage(spec: {
  id: string;
  title: string;
  spaceId: string;
  status?: string;
  parentId?: string | null;
  version?: number;
  body?: string;
  author?: number;
  createdAt?: string;
  updatedAt?: string;
}): ConfluenceRecord {
  const author = spec.author ?? 0;
  const createdAt = spec.createdAt ?? at(0);
  const space = CONFLUENCE_SPACES.find((candidate) => candidate.id === spec.spaceId);
  return {
    id: spec.id,
    status: spec.status ?? "current",
    title: spec.title,
    spaceId: spec.spaceId,
    parentId: spec.parentId ?? null,
    parentType: spec.parentId == null ? null : "page",
    position: Number(spec.id) % 1_000,
    authorId: account(author),
    ownerId: account(author),
    lastOwnerId: null,
    subtype: null,
    createdAt,
    version: {
      createdAt: spec.updatedAt ?? createdAt,
      message: "",
      number: spec.version ?? 1,
      minorEdit: false,
      authorId: account(author + 1),
    },
    body: { storage: { value: spec.body ?? `<p>${spec.title}</p>`, representation: "storage" } },
    _links: {
      editui: `/pages/resumedraft.action?draftId=${spec.id}`,
      webui: `/spaces/${space?.key ?? spec.spaceId}/pages/${spec.id}`,
      tinyui: `/x/${Number(spec.id).toString(36)}`,
    },
  };
}

/** Pages; one is archived, one a draft, some below others. */
export const CONFLUENCE_PAGES: readonly ConfluenceRecord[] = TITLES.map((title, n) =>
  confluencePage({
    id: String(200_001 + n),
    title,
    spaceId: n === 28 ? "131074" : n === 29 ? "98306" : "65538",
    status: n === 28 ? "archived" : n === 29 ? "draft" : "current",
    parentId: n === 0 || n > 27 ? null : n < 15 ? "200001" : "200016",
    version: (n % 4) + 1,
    body: n === 6 ? "" : `<h2>${title.slice(0, 20)}</h2><p>Paragraph ${n}.</p>`,
    author: n,
    createdAt: at(n - 40),
    updatedAt: at(n, 8 + (n % 9)),
  }),
);
