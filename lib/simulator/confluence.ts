/** Confluence Cloud's REST API v2 as far as writebacks use it: titles unique per space, versions counted up by one. */
import {
  CONFLUENCE_PAGES,
  CONFLUENCE_SPACES,
  type ConfluenceRecord,
  confluencePage,
} from "./seed/confluence.ts";
import {
  byId,
  freshId,
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

const TITLE_MAX = 255;

interface State {
  readonly world: SimulatorWorld;
  readonly pages: Map<string, ConfluenceRecord>;
  readonly spaces: Map<string, ConfluenceRecord>;
  nextId: number;
}

function refused(status: number, code: string, title: string): SimulatedAnswer {
  return { status, body: { errors: [{ status, code, title, detail: null }] } };
}

/** A simulated Confluence site holding the seed. */
export function simulateConfluence(world: SimulatorWorld): SimulatedProvider {
  const state: State = {
    world,
    pages: byId(world, "confluence.pages", CONFLUENCE_PAGES),
    spaces: byId(world, "confluence.spaces", CONFLUENCE_SPACES),
    nextId: 300_001,
  };
  return {
    id: "confluence",
    handle: (request) => handle(state, request),
    ...overTables("confluence", { page: state.pages, space: state.spaces }),
    learn(_event, { page }) {
      if (isObject(page) && page.id !== undefined) {
        const id = String(page.id);
        state.pages.set(id, { ...state.pages.get(id), ...page, id });
      }
    },
  };
}

function handle(state: State, request: SimulatedRequest): SimulatedAnswer {
  if (!request.headers.has("authorization")) return refused(401, "UNAUTHORIZED", "Unauthorized");
  const id = /^\/wiki\/api\/v2\/pages(?:\/([^/]+))?$/.exec(request.path);
  if (id === null) return refused(404, "NOT_FOUND", "Not Found");
  const body = objectOf(request.body);
  if (id[1] === undefined)
    return request.method === "POST"
      ? create(state, body)
      : refused(405, "METHOD_NOT_ALLOWED", "Method Not Allowed");
  const page = state.pages.get(id[1]);
  if (page === undefined) return refused(404, "NOT_FOUND", "Not Found");
  if (request.method === "GET") return { status: 200, body: page };
  if (request.method === "PUT") return update(state, page, body);
  if (request.method !== "DELETE") return refused(405, "METHOD_NOT_ALLOWED", "Method Not Allowed");
  state.pages.delete(page.id);
  return { status: 204, body: null };
}

/** What Confluence checks of a page. */
function problemOf(
  state: State,
  body: SimulatedRecord,
  spaceId: unknown,
  ownId: string | null,
): SimulatedAnswer | null {
  const { title } = body;
  if (typeof title !== "string" || title.trim() === "") {
    return refused(400, "INVALID_REQUEST_PARAMETER", "title is required");
  }
  if ([...title].length > TITLE_MAX) {
    return refused(400, "INVALID_REQUEST_PARAMETER", `title must be at most ${TITLE_MAX} characters`);
  }
  const content = objectOf(body.body);
  if (body.body !== undefined && typeof content.value !== "string") {
    return refused(400, "INVALID_REQUEST_PARAMETER", "body must have a representation and a value");
  }
  const twin = [...state.pages.values()].find(
    (page) =>
      page.id !== ownId && page.spaceId === spaceId && page.title === title && page.status === "current",
  );
  if (twin === undefined) return null;
  return refused(
    400,
    "INVALID_REQUEST_PARAMETER",
    "A page with this title already exists: A page already exists with the same TITLE in this space",
  );
}

function create(state: State, body: SimulatedRecord): SimulatedAnswer {
  if (!state.spaces.has(String(body.spaceId)))
    return refused(404, "NOT_FOUND", `Space ${body.spaceId} not found`);
  const problem = problemOf(state, body, body.spaceId, null);
  if (problem !== null) return problem;
  const id = freshId(state, state.pages);
  const page = confluencePage({
    id,
    title: String(body.title),
    spaceId: String(body.spaceId),
    status: typeof body.status === "string" ? body.status : "current",
    parentId: typeof body.parentId === "string" ? body.parentId : null,
    body: String(objectOf(body.body).value ?? ""),
    createdAt: nowOf(state.world),
  });
  state.pages.set(id, page);
  return { status: 200, body: page };
}

function update(state: State, page: ConfluenceRecord, body: SimulatedRecord): SimulatedAnswer {
  const problem = problemOf(state, body, page.spaceId, page.id);
  if (problem !== null) return problem;
  const known = objectOf(page.version);
  const next = Number(objectOf(body.version).number);
  if (next !== Number(known.number) + 1) {
    return refused(
      409,
      "CONFLICT",
      `Version must be incremented on update. Current version is: ${known.number}`,
    );
  }
  const { title, status, parentId } = body;
  const content = objectOf(body.body);
  const updated = {
    ...page,
    title,
    ...(status === undefined ? {} : { status }),
    ...(parentId === undefined ? {} : { parentId }),
    ...(body.body === undefined
      ? {}
      : { body: { storage: { value: content.value, representation: "storage" } } }),
    version: { ...known, number: next, createdAt: nowOf(state.world) },
  };
  state.pages.set(page.id, updated);
  return { status: 200, body: updated };
}
