/**
 * A file API in memory that follows the wire contract where the mount can see it: revisions, If-Match, identities, ops,
 * events, tree pages. Faults are scripted from outside, per request.
 */
import { sha256 } from "../../lib/runtime/bun/mount-world.ts";

/** One stored file. */
export interface StoredDocument {
  readonly bytes: Uint8Array;
  readonly revision: string;
  readonly contentType: string;
}

/** One request as the server saw it. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever was sent.
  readonly body: any;
  readonly headers: Headers;
}

/** A scripted answer: given instead of the real one, or null to let the request through. */
export type Interceptor = (
  request: SeenRequest,
) => Response | "drop" | "drop-reply" | null | Promise<Response | "drop" | "drop-reply" | null>;

interface FakeOp {
  opId: string;
  path: string;
  revision: string;
  status: string;
  attemptCount: number;
  lastError: string | null;
  lastStatus?: number;
  identity: string | null;
  action: string;
}

interface FakeEvent {
  eventId: string;
  type: string;
  path: string;
  revision: string;
  contentHash?: string;
  origin: string;
  correlationId: string;
  timestamp: string;
}

/** The fake. `fetch` is what a client calls. */
export class FakeFileApi {
  readonly files = new Map<string, StoredDocument>();
  readonly ops = new Map<string, FakeOp>();
  readonly events: FakeEvent[] = [];
  readonly requests: SeenRequest[] = [];
  /** How many times each (path, hash) was really applied, per identity: an operation must not happen twice. */
  readonly applied: { path: string; hash: string; identity: string | null; replaced: string | null }[] = [];
  /** Every text the server ever held at a path. */
  readonly texts = new Map<string, string[]>();
  /** Hashes of everything the server ever held. */
  readonly everStored = new Set<string>();
  intercept: Interceptor = () => null;
  /** Told of every upload that took effect: path, hash, the hash it replaced, and by which request. */
  onApplied: (path: string, hash: string, replaced: string | null, request: SeenRequest) => void = () =>
    undefined;
  /** Status a new op gets; a function may choose by path. */
  opStatus: (path: string) => { status: string; lastError?: string; lastStatus?: number } = () => ({
    status: "succeeded",
  });
  /** Error code for one file of a bulk write, or null to take it. */
  refuseFile: (path: string) => string | null = () => null;
  bulkRead = true;
  /** Whether it offers the framed export. */
  exportsFrames = true;
  treePage = 1_000;
  /** Told of every event, with the file's content as a live message carries it. */
  readonly listeners = new Set<(message: string) => void>();
  /** Entries of one events page, at most. */
  feedPage = 1_000;
  private counter = 0;
  /** Number of the newest event that was thrown away. */
  private expired = 0;

  constructor(private readonly now: () => number = () => Date.UTC(2026, 4, 20, 12)) {}

  /** Writes as somebody else: no op, an event. */
  put(path: string, content: string | Uint8Array): string {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    return this.store(path, bytes, "application/json", "provider_sync", "");
  }

  /** Deletes as somebody else. */
  remove(path: string): void {
    if (!this.files.delete(path)) return;
    this.event("file.deleted", path, `rev_${++this.counter}`, undefined, "provider_sync", "");
  }

  /** Throws all events but the newest away: earlier cursors are expired. */
  expireEvents(): void {
    this.expired = Math.max(this.events.length - 1, 0);
  }

  /** True when the feed no longer reaches back to a cursor. */
  isExpired(cursor: string | null): boolean {
    return cursor !== null && Number(cursor.slice(4)) < this.expired;
  }

  /** Text of a stored file, or null. */
  text(path: string): string | null {
    const file = this.files.get(path);
    return file === undefined ? null : new TextDecoder().decode(file.bytes);
  }

  /** Requests of one method and path ending. */
  seen(method: string, ending: string): SeenRequest[] {
    return this.requests.filter((one) => one.method === method && one.path.endsWith(ending));
  }

  readonly fetch = async (request: Request): Promise<Response> => {
    const url = new URL(request.url);
    const text = request.method === "GET" || request.method === "DELETE" ? "" : await request.text();
    const seen: SeenRequest = {
      method: request.method,
      path: url.pathname,
      query: url.searchParams,
      body: text === "" ? null : JSON.parse(text),
      headers: request.headers,
    };
    this.requests.push(seen);
    const scripted = await this.intercept(seen);
    if (scripted instanceof Response) return scripted;
    if (scripted === "drop") throw Object.assign(new Error("connection reset"), { code: "ECONNRESET" });
    const answer = this.route(seen);
    if (scripted === "drop-reply") throw Object.assign(new Error("connection reset"), { code: "ECONNRESET" });
    return answer;
  };

  private route(request: SeenRequest): Response {
    const match = /^\/v1\/workspaces\/[^/]+\/(.*)$/.exec(request.path);
    if (match === null) return error(404, "not_found", "route not found");
    const route = `${request.method} ${match[1]}`;
    if (route === "GET fs/tree") return this.tree(request.query);
    if (route === "GET fs/export" && this.exportsFrames && request.query.get("format") === "frames")
      return new Response(this.frames(request.query));
    if (route === "GET fs/file") return this.read(request.query.get("path") ?? "");
    if (route === "POST fs/bulk") return this.bulk(request);
    if (route === "POST fs/bulk-read" && this.bulkRead) return this.readMany(request.body.paths);
    if (route === "DELETE fs/file") return this.delete(request);
    if (route === "GET fs/events") return this.feed(request.query);
    if (route.startsWith("GET ops/")) return this.op(route.slice("GET ops/".length));
    if (route === "GET sync/status") return json(200, { workspaceId: "w", providers: [] });
    return error(404, "not_found", "route not found");
  }

  /** An event as sent live; the content goes with it while it is still current. */
  liveMessage(event: FakeEvent): string {
    const file = this.files.get(event.path);
    const inline = event.type !== "file.deleted" && file?.revision === event.revision;
    return JSON.stringify(
      inline && file !== undefined
        ? {
            ...event,
            inlineContent: true,
            content: file.bytes.toBase64(),
            encoding: "base64",
            contentType: file.contentType,
          }
        : event,
    );
  }

  private tree(query: URLSearchParams): Response {
    const base = query.get("path") ?? "/";
    const cursor = query.get("cursor") ?? "";
    const prefix = base === "/" ? "/" : `${base}/`;
    const all = [...this.files]
      .filter(([path]) => path.startsWith(prefix))
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const rest = all.filter(([path]) => path > cursor);
    const page = rest.slice(0, this.treePage);
    return json(200, {
      path: base,
      entries: page.map(([path, file]) => ({
        path,
        type: "file",
        revision: file.revision,
        contentHash: sha256(file.bytes),
        size: file.bytes.byteLength || undefined,
      })),
      nextCursor: rest.length > page.length ? page.at(-1)?.[0] : null,
      totalFiles: all.length,
    });
  }

  /** Every file below a path as the framed stream; also what a test cuts or bends. */
  frames(query: URLSearchParams): Uint8Array<ArrayBuffer> {
    const base = query.get("path") ?? "/";
    const files = [...this.files]
      .filter(([path]) => path.startsWith(base === "/" ? "/" : `${base}/`))
      .filter(([path]) => path > (query.get("after") ?? ""))
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const parts = files.flatMap(([path, { revision, contentType, bytes }]) => [
      frameHead({ path, revision, contentType, contentHash: sha256(bytes), size: bytes.byteLength }),
      bytes,
    ]);
    return new Uint8Array(
      Buffer.concat([...parts, frameHead({ end: true, files: files.length })]),
    ) as Uint8Array<ArrayBuffer>;
  }

  private document(path: string, file: StoredDocument) {
    return {
      path,
      revision: file.revision,
      contentHash: sha256(file.bytes),
      contentType: file.contentType,
      content: file.bytes.toBase64(),
      encoding: "base64",
      semantics: {},
    };
  }

  private read(path: string): Response {
    const file = this.files.get(path);
    return file === undefined ? error(404, "not_found", "not found") : json(200, this.document(path, file));
  }

  private readMany(paths: string[]): Response {
    const found = paths.flatMap((path) => {
      const file = this.files.get(path);
      return file === undefined ? [] : [this.document(path, file)];
    });
    return json(200, { results: found, files: found });
  }

  /** True where a file is above the path, or files below it. */
  private hasNoRoom(path: string): boolean {
    return [...this.files.keys()].some(
      (one) => one !== "" && (one.startsWith(`${path}/`) || path.startsWith(`${one}/`)),
    );
  }

  private bulk(request: SeenRequest): Response {
    const results: unknown[] = [];
    const errors: unknown[] = [];
    for (const file of request.body.files) {
      const identity = file.contentIdentity
        ? `${file.contentIdentity.kind}:${file.contentIdentity.key}`
        : null;
      const same =
        identity === null ? undefined : [...this.ops.values()].find((op) => op.identity === identity);
      if (same !== undefined) {
        results.push({
          path: same.path,
          revision: same.revision,
          opId: same.opId,
          writeback: { provider: "x", state: same.status },
        });
        continue;
      }
      const refused = this.refuseFile(file.path);
      if (refused !== null) {
        errors.push({ path: file.path, code: refused, message: refused });
        continue;
      }
      if (this.hasNoRoom(file.path)) {
        errors.push({ path: file.path, code: "invalid_path", message: "a file and a directory of one name" });
        continue;
      }
      const current = this.files.get(file.path);
      const expected = file.ifMatch;
      if (expected === "0" ? current !== undefined : expected !== "*" && current?.revision !== expected) {
        const code = current === undefined ? "not_found" : "conflict";
        errors.push({
          path: file.path,
          code,
          message: code,
          expectedRevision: expected,
          currentRevision: current?.revision,
        });
        continue;
      }
      const bytes =
        file.encoding === "base64"
          ? Uint8Array.fromBase64(file.content)
          : new TextEncoder().encode(file.content);
      const revision = this.store(file.path, bytes, file.contentType, "agent_write", "c");
      const replaced = current === undefined ? null : sha256(current.bytes);
      this.applied.push({ path: file.path, hash: sha256(bytes), identity, replaced });
      this.onApplied(file.path, sha256(bytes), replaced, request);
      const op = this.newOp(file.path, revision, "file_upsert", identity);
      results.push({
        path: file.path,
        revision,
        opId: op.opId,
        writeback: { provider: "x", state: op.status },
      });
    }
    return json(202, {
      written: results.length,
      errorCount: errors.length,
      correlationId: "c",
      errors,
      results,
    });
  }

  private delete(request: SeenRequest): Response {
    const path = request.query.get("path") ?? "";
    const expected = request.headers.get("if-match") ?? "";
    const current = this.files.get(path);
    if (expected === "") return error(412, "precondition_failed", "missing If-Match");
    if (current === undefined) return error(404, "not_found", "not found");
    if (expected !== "*" && expected !== current.revision) {
      return json(409, {
        code: "revision_conflict",
        message: "revision conflict",
        correlationId: "c",
        expectedRevision: expected,
        currentRevision: current.revision,
      });
    }
    this.files.delete(path);
    const revision = `rev_${++this.counter}`;
    this.event("file.deleted", path, revision, undefined, "agent_write", "c");
    const op = this.newOp(path, revision, "file_delete", null);
    return json(202, {
      opId: op.opId,
      status: "queued",
      targetRevision: revision,
      writeback: { provider: "x", state: op.status },
    });
  }

  private feed(query: URLSearchParams): Response {
    const limit = Math.min(Number(query.get("limit") ?? 200), this.feedPage);
    const number = (id: string) => Number(id.slice(4));
    const kept = this.events.slice(this.expired);
    if (query.get("direction") === "desc") {
      return json(200, { events: kept.slice(-limit).reverse(), nextCursor: null });
    }
    const cursor = query.get("cursor");
    if (this.isExpired(cursor)) return error(410, "cursor_expired", "the feed no longer reaches back");
    // As the service does: a cursor of another form means the oldest event that is kept.
    const after =
      cursor === null || !/^evt_\d+$/.test(cursor)
        ? kept
        : kept.filter((event) => number(event.eventId) > number(cursor));
    const page = after.slice(0, limit);
    return json(200, { events: page, nextCursor: after.length > page.length ? page.at(-1)?.eventId : null });
  }

  private op(opId: string): Response {
    const op = this.ops.get(opId);
    return op === undefined
      ? error(404, "not_found", "not found")
      : json(200, { ...op, identity: undefined });
  }

  private newOp(path: string, revision: string, action: string, identity: string | null): FakeOp {
    const { status, lastError = null, lastStatus } = this.opStatus(path);
    const op: FakeOp = {
      opId: `op_${this.ops.size + 1}`,
      path,
      revision,
      status,
      attemptCount: status === "dead_lettered" ? 1 : 0,
      lastError,
      ...(lastStatus === undefined ? {} : { lastStatus }),
      identity,
      action,
    };
    this.ops.set(op.opId, op);
    return op;
  }

  private store(
    path: string,
    bytes: Uint8Array,
    contentType: string,
    origin: string,
    correlationId: string,
  ): string {
    const revision = `rev_${++this.counter}`;
    const type = this.files.has(path) ? "file.updated" : "file.created";
    this.files.set(path, { bytes, revision, contentType });
    this.everStored.add(sha256(bytes));
    this.texts.set(path, [...(this.texts.get(path) ?? []), new TextDecoder().decode(bytes)]);
    this.event(type, path, revision, sha256(bytes), origin, correlationId);
    return revision;
  }

  private event(
    type: string,
    path: string,
    revision: string,
    contentHash: string | undefined,
    origin: string,
    correlationId: string,
  ): void {
    const event: FakeEvent = {
      eventId: `evt_${this.events.length + 1}`,
      type,
      path,
      revision,
      ...(contentHash === undefined ? {} : { contentHash }),
      origin,
      correlationId,
      timestamp: new Date(this.now()).toISOString(),
    };
    this.events.push(event);
    for (const listener of this.listeners) listener(this.liveMessage(event));
  }
}

/** A length and a JSON head, as the framed export has them before each file and at its end. */
export function frameHead(head: unknown): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(head));
  const frame = new Uint8Array(4 + text.byteLength);
  new DataView(frame.buffer).setUint32(0, text.byteLength);
  frame.set(text, 4);
  return frame;
}

/** A JSON answer. */
export function json(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
}

/** An error in the file API's envelope. */
export function error(status: number, code: string, message: string): Response {
  return json(status, { code, message, correlationId: "c" });
}
