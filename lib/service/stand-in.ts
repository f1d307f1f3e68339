/** The provider simulator as the pipeline uses it: told of records that arrive from elsewhere, and read like a source. */
import { fail, messageOf } from "../errors.ts";
import type { Fetch, Log } from "../ports.ts";
import type { IngestInput } from "./pipeline.ts";

/** A page of what the simulator holds. */
export interface StandInPage {
  readonly records: readonly unknown[];
  readonly nextCursor: string | null;
}

/** A simulator behind its base URL. */
export class StandIn {
  /** `url` is without trailing slash; null makes every method do nothing. */
  constructor(
    private readonly world: { readonly fetch: Fetch; readonly log: Log },
    private readonly url: string | null,
  ) {}

  /** Tells of a webhook that was applied. */
  learn(input: IngestInput): Promise<void> {
    const headers = { "x-github-event": input.headers["x-github-event"] ?? "" };
    return this.tell(`learn/${input.provider}`, headers, JSON.stringify(input.payload));
  }

  /** Tells of raw records that were applied, so that later edits find them. */
  take(provider: string, model: string, records: readonly unknown[]): Promise<void> {
    return this.tell(`records/${provider}/${encodeURIComponent(model)}`, {}, JSON.stringify(records));
  }

  /** A page of a model's records; empty for a model it has none of. Fails with `unavailable`. */
  async page(
    provider: string,
    model: string,
    { cursor, limit }: { cursor: string; limit: number },
  ): Promise<StandInPage> {
    if (this.url === null) return { records: [], nextCursor: null };
    const url = new URL(`${this.url}/records/${provider}/${encodeURIComponent(model)}`);
    url.searchParams.set("limit", String(limit));
    if (cursor !== "") url.searchParams.set("cursor", cursor);
    const response = await this.world.fetch(new Request(url.toString()));
    if (response.status === 404) return { records: [], nextCursor: null };
    if (!response.ok)
      fail("unavailable", `records of ${provider} ${model} answered ${response.status}`, { provider });
    const body = (await response.json()) as { records?: unknown; nextCursor?: unknown };
    return {
      records: Array.isArray(body.records) ? body.records : [],
      nextCursor: typeof body.nextCursor === "string" && body.nextCursor !== "" ? body.nextCursor : null,
    };
  }

  private async tell(path: string, headers: Readonly<Record<string, string>>, body: string): Promise<void> {
    if (this.url === null) return;
    try {
      const request = new Request(`${this.url}/${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body,
      });
      await this.world.fetch(request);
    } catch (thrown) {
      // The record itself is stored; only the stand-in lacks it.
      this.world.log.warn("simulator did not learn what arrived", { path, error: messageOf(thrown) });
    }
  }
}
