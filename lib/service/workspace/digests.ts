/** Digest files: which are due, what they are rendered from, and when (design decision 10). */

import { composeDigest, DIGEST_ROWS, type DigestWindow, defaultWindows } from "../../digest/mod.ts";
import { DIGEST } from "../../limits.ts";
import { eventIdOf } from "../../model/event-id.ts";
import { revisionNumber, revisionOf } from "../../model/revision.ts";
import type { TreeStore } from "../../ports.ts";
import { AclResolver } from "../auth/acl.ts";
import { eventsInWindow, newestEvents } from "../store/events.ts";
import { boundsBelow, findFile, rangeOfFiles, readBody } from "../store/files.ts";
import type { EventRow } from "../store/store.ts";
import type { WorkspaceContext } from "./context.ts";

const DIGEST_ROOT = "/digests/";
/** More than one regeneration writes, so that a change before it is found. */
const LOOK_BACK_EVENTS = 20;
/** Pages of events looked at for one digest: bounds the work where nearly everything is hidden. */
const PAGES_MAX = 20;

/** Keeps the digest files of one workspace current: at once after the first change, then at most every 30 s. */
export class DigestKeeper {
  private dirty = false;
  private writtenAt: number | null = null;
  private running: Promise<void> | null = null;

  constructor(
    private readonly context: WorkspaceContext,
    private readonly tree: TreeStore,
  ) {}

  /** Hears the event feed; anything outside `/digests/` makes the open windows stale. */
  notice(events: readonly EventRow[]): void {
    if (events.every((event) => event.path.startsWith(DIGEST_ROOT))) return;
    this.dirty = true;
    this.context.wake(this.dueAt() ?? this.context.clock.now());
  }

  /** After a start: a change that the last life of this process wrote no digest of is due like a new one. */
  recover(): void {
    const { sql } = this.context.store;
    const newest = newestEvents(sql, LOOK_BACK_EVENTS).find(({ path }) => !path.startsWith(DIGEST_ROOT));
    if (newest === undefined) return;
    const [today] = defaultWindows(this.context.clock.now(), this.context.pipeline.timeZone);
    const written = today === undefined ? null : findFile(sql, today.path);
    this.dirty = written === null || newest.at > written.updatedAt;
  }

  /** When the next regeneration is due, ms, or null while nothing changed. */
  dueAt(): number | null {
    if (!this.dirty) return null;
    return this.writtenAt === null ? 0 : this.writtenAt + DIGEST.regenerateAfterMs;
  }

  /** Regenerates when due. */
  async runDue(now: number): Promise<void> {
    const at = this.dueAt();
    if (at !== null && at <= now) await this.flush();
  }

  /** Regenerates now if anything changed since the last time; resolves when the files are written. */
  async flush(): Promise<void> {
    while (this.running !== null) await this.running;
    if (!this.dirty) return;
    this.dirty = false;
    this.writtenAt = this.context.clock.now();
    this.running = this.regenerate(this.writtenAt).finally(() => {
      this.running = null;
    });
    await this.running;
  }

  private async regenerate(nowMs: number): Promise<void> {
    const { sql } = this.context.store;
    for (const window of defaultWindows(nowMs, this.context.pipeline.timeZone)) {
      // A closed window never changes again.
      if (!window.open && this.isFinal(window)) continue;
      const bytes = new TextEncoder().encode(await this.render(window, nowMs));
      const file = findFile(sql, window.path);
      const change = {
        kind: "write",
        path: window.path,
        bytes,
        contentType: "text/markdown",
        provider: "digest",
      } as const;
      await this.tree.apply([{ ...change, ifRevision: file === null ? "0" : revisionOf(file.revision) }], {
        origin: "system",
        correlationId: "",
        provider: "digest",
      });
    }
  }

  /** True when the file of a closed window was written after the window ended, for this very window. */
  private isFinal(window: DigestWindow): boolean {
    const file = findFile(this.context.store.sql, window.path);
    return file !== null && file.updatedAt >= window.endMs;
  }

  private async render(window: DigestWindow, generatedAtMs: number): Promise<string> {
    const { pipeline, store } = this.context;
    const acl = new AclResolver(store.sql);
    const rows = this.eventsOf(window, acl);
    const contents = await this.contentsOf(rows);
    return composeDigest({
      window,
      generatedAtMs,
      events: rows.map((row) => ({
        eventId: eventIdOf(row.seq),
        type: row.type,
        path: row.path,
        provider: row.provider,
        timestampMs: row.at,
      })),
      storedProviders: this.providers(acl),
      isInternal: (path) => pipeline.isInternal(path),
      nameOf: (path) => pipeline.digestNameOf(path),
      recordOf: (event) => parsed(contents.get(event.eventId)),
      warnings: pipeline.timeZoneWarning === null ? [] : [pipeline.timeZoneWarning],
    }).text;
  }

  /**
   * The newest events of a window that everybody may know of, newest first, one more than a digest lists: whoever may read
   * digests reads this one. What is hidden takes no place in the budget, or a digest would be short without saying so.
   */
  private eventsOf(window: DigestWindow, acl: AclResolver): EventRow[] {
    const { pipeline, store } = this.context;
    const { sql: clause, params } = pipeline.digestClause();
    const range = { fromMs: window.startMs, toMs: window.endMs, clause, params, limit: DIGEST_ROWS };
    const found: EventRow[] = [];
    let before: EventRow | null = null;
    for (let page = 0; page < PAGES_MAX && found.length < DIGEST_ROWS; page++) {
      const rows: EventRow[] = eventsInWindow(store.sql, { ...range, before });
      for (const row of rows) if (acl.isPublic(row.path)) found.push(row);
      before = rows.at(-1) ?? null;
      if (rows.length < DIGEST_ROWS) break;
    }
    return found.slice(0, DIGEST_ROWS);
  }

  /** Contents of the newest changes, within the read budgets, so that a digest can say "was closed". */
  private async contentsOf(events: readonly EventRow[]): Promise<Map<string, Uint8Array>> {
    const { sql, bodies } = this.context.store;
    const contents = new Map<string, Uint8Array>();
    let total = 0;
    let reads = 0;
    for (const event of events) {
      if (event.type !== "file.created" && event.type !== "file.updated") continue;
      if (++reads > DIGEST.contentReadsMax || total > DIGEST.contentTotalBytesMax) break;
      const revision = revisionNumber(event.revision);
      const bytes = revision === null ? null : await readBody(sql, bodies, revision);
      if (bytes === null || bytes.byteLength > DIGEST.contentReadBytesMax) continue;
      total += bytes.byteLength;
      contents.set(eventIdOf(event.seq), bytes);
    }
    return contents;
  }

  /** Providers that have files, by jumping from one top-level directory to the next. */
  private providers(acl: AclResolver): string[] {
    const { sql } = this.context.store;
    const found = new Set<string>();
    const { to } = boundsBelow("/");
    let from = "/";
    while (found.size < DIGEST.providersListedMax) {
      const [file] = rangeOfFiles(sql, { from, to, limit: 1, inclusive: true });
      if (file === undefined) break;
      const top = file.path.split("/")[1] ?? "";
      const provider = this.context.pipeline.providerOf(file.path);
      if (provider !== "" && acl.isPublic(file.path)) found.add(provider);
      from = file.path === `/${top}` ? `${file.path}\u0000` : `/${top}0`;
    }
    return [...found].sort();
  }
}

/** Content as a record; null for what is missing or not JSON. */
function parsed(bytes: Uint8Array | undefined): unknown {
  if (bytes === undefined) return null;
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // Not every file is JSON; such a file simply has no verb of its own.
    return null;
  }
}
