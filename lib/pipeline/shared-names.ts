/** Aliases named by a title alone: who holds the plain name, and what moves when records come, go or are renamed. */
import { sharedName } from "./pure/aliases.ts";
import { JSON_TYPE } from "./pure/index-rows.ts";
import { compareText } from "./pure/json.ts";
import { aliasSlugOf } from "./pure/slug.ts";
import type { Stage } from "./stage.ts";

/** What a batch did to one slug. */
interface Touched {
  /** The smallest id before the batch, null when nobody had the slug. */
  readonly firstBefore: string | null;
  /** Ids whose membership the batch looked at, and whether they were members before it. */
  readonly members: Map<string, boolean>;
}

/** Holders of title slugs in one collection. */
export class SharedNames {
  private readonly holders = new Map<string, Set<string>>();
  private readonly touched = new Map<string, Touched>();
  private readonly bodies = new Map<string, { readonly bytes: Uint8Array; readonly changed: boolean }>();

  /** `segments` are the alias directories; `rows` the records as they were before the batch. */
  constructor(
    private readonly collection: string,
    private readonly segments: readonly string[],
    rows: Iterable<{ readonly id: string; readonly title: string }>,
  ) {
    if (segments.length === 0) return;
    for (const { id, title } of rows) this.groupOf(aliasSlugOf(title)).add(id);
  }

  /** A record got this title; `changed` says whether its bytes are new. */
  put(
    id: string,
    title: string,
    formerTitle: string | null,
    body: { bytes: Uint8Array; changed: boolean },
  ): void {
    if (this.segments.length === 0) return;
    if (formerTitle !== null) this.touch(aliasSlugOf(formerTitle), id).delete(id);
    this.touch(aliasSlugOf(title), id).add(id);
    this.bodies.set(id, {
      bytes: body.bytes,
      changed: body.changed || this.bodies.get(id)?.changed === true,
    });
  }

  /** A record with this title is gone. */
  remove(id: string, title: string): void {
    if (this.segments.length === 0) return;
    this.touch(aliasSlugOf(title), id).delete(id);
    this.bodies.delete(id);
  }

  /** Stages what moved: names nobody holds any more go first. */
  async stage(stage: Stage, provider: string): Promise<void> {
    const removals: string[] = [];
    const writes: { path: string; bytes: Uint8Array }[] = [];
    for (const segment of this.segments) {
      for (const [slug, { firstBefore, members }] of this.touched) {
        const group = this.groupOf(slug);
        const firstNow = smallest(group);
        const home = `${this.collection}/${segment}`;
        const kept = new Set<string>();
        const old = new Set<string>();
        for (const id of new Set([...members.keys(), firstBefore, firstNow])) {
          if (id === null) continue;
          const wasMember = members.get(id) ?? true;
          const before = wasMember ? `${home}/${sharedName(slug, id, id === firstBefore)}` : null;
          const now = group.has(id) ? `${home}/${sharedName(slug, id, id === firstNow)}` : null;
          if (before !== null) old.add(before);
          if (now === null) continue;
          kept.add(now);
          const body = this.bodies.get(id);
          if (body?.changed !== true && before === now) continue;
          const bytes = body?.bytes ?? (before === null ? undefined : (await stage.read(before))?.bytes);
          if (bytes !== undefined) writes.push({ path: now, bytes });
        }
        removals.push(...[...old].filter((path) => !kept.has(path)));
      }
    }
    for (const path of removals) stage.remove(path);
    for (const { path, bytes } of writes) stage.write(path, bytes, { contentType: JSON_TYPE, provider });
  }

  /** Forgets the batch after it was written; the holders stay. */
  settle(): void {
    this.touched.clear();
    this.bodies.clear();
  }

  private groupOf(slug: string): Set<string> {
    const group = this.holders.get(slug) ?? new Set<string>();
    this.holders.set(slug, group);
    return group;
  }

  private touch(slug: string, id: string): Set<string> {
    const group = this.groupOf(slug);
    const touched = this.touched.get(slug) ?? {
      firstBefore: smallest(group),
      members: new Map<string, boolean>(),
    };
    this.touched.set(slug, touched);
    if (!touched.members.has(id)) touched.members.set(id, group.has(id));
    return group;
  }
}

/** The smallest id in code-point order; null for none. */
function smallest(ids: Iterable<string>): string | null {
  let first: string | null = null;
  for (const id of ids) if (first === null || compareText(id, first) < 0) first = id;
  return first;
}
