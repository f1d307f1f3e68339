/**
 * The provider stand-in of the embedded stack: real-looking HTTP APIs under `/{provider}`, and under `/records` what a
 * sync source would deliver. Every call to a provider is recorded.
 *
 * - `/{provider}/…` the provider's own API (base URL of writebacks)
 * - `GET /records/{provider}/{model}?cursor=&limit=` pages of records: `{records, nextCursor}`
 * - `POST /records/{provider}/{model}` with a JSON array of records that exist from now on
 * - `POST /learn/{provider}` with the provider's webhook headers and body: what it says exists from now on
 * - `GET /calls` the recorded calls, oldest first
 */
import type { Clock, Log, Random } from "../ports.ts";
import { simulateConfluence } from "./confluence.ts";
import { simulateGithub } from "./github.ts";
import { simulateJira } from "./jira.ts";
import { simulateLinear } from "./linear.ts";
import { simulateNotion } from "./notion.ts";
import { isObject, type SimulatedAnswer, type SimulatedProvider, type SimulatorWorld } from "./simulator.ts";
import { simulateSlack } from "./slack.ts";
import { memoryTables, type Tables } from "./tables.ts";

/** One call that reached a simulated provider. */
export interface RecordedCall {
  readonly provider: string;
  readonly method: string;
  /** Below the provider's prefix, with its query. */
  readonly path: string;
  /** The parsed body; null when there was none. */
  readonly body: unknown;
  readonly correlationId: string | null;
  /** True when a credential was sent; the credential itself is not kept. */
  readonly authorized: boolean;
  /** Status that was answered. */
  readonly status: number;
  /** Ms. */
  readonly atMs: number;
}

/** An answer that tests force. */
export interface ForcedAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The running simulator. */
export interface Simulator {
  fetch(request: Request): Promise<Response>;
  /** Calls to providers, oldest first. */
  readonly calls: RecordedCall[];
  /** The next `times` calls to a provider get this answer instead of their own. Forced answers change nothing. */
  failNext(provider: string, times: number, answer: ForcedAnswer): void;
  /** The next mutation of a GraphQL provider answers 200 with `success: false`. */
  declineNext(provider: string): void;
  /** Takes over what a webhook says exists. `event` is the event header's value, or empty. */
  learn(provider: string, event: string, payload: unknown): void;
}

const PAGE_DEFAULT = 100;
const PAGE_MAX = 250;
const CALLS_KEPT_MAX = 10_000;

const SIMULATED: Readonly<Record<string, (world: SimulatorWorld) => SimulatedProvider>> = {
  github: simulateGithub,
  linear: simulateLinear,
  jira: simulateJira,
  confluence: simulateConfluence,
  notion: simulateNotion,
  slack: simulateSlack,
};

/** A simulator with its own state: in memory, or in the tables it is given. */
export function createSimulator(given: {
  clock: Clock;
  random: Random;
  log: Log;
  tables?: Tables;
}): Simulator {
  const tables = given.tables ?? memoryTables();
  const world = { ...given, tables };
  // Made when first asked for: reading what a provider holds takes time that a start has not.
  const made = new Map<string, SimulatedProvider>();
  const providerOf = (id: string): SimulatedProvider | undefined => {
    const simulate = SIMULATED[id];
    if (simulate === undefined) return undefined;
    const provider = made.get(id) ?? simulate(world);
    made.set(id, provider);
    return provider;
  };
  const calls: RecordedCall[] = [];
  const forced = new Map<string, (ForcedAnswer | "decline")[]>();

  const learn = (provider: string, event: string, payload: unknown) => {
    if (isObject(payload)) providerOf(provider)?.learn(event, payload);
  };

  const force = (provider: string, answers: (ForcedAnswer | "decline")[]) => {
    forced.set(provider, [...(forced.get(provider) ?? []), ...answers]);
  };

  async function callProvider(
    provider: SimulatedProvider,
    path: string,
    url: URL,
    request: Request,
  ): Promise<Response> {
    const body = parse(await request.text());
    const planned = forced.get(provider.id)?.shift();
    const answer =
      planned === "decline"
        ? declined(body)
        : (planned ??
          provider.handle({
            method: request.method,
            path,
            query: url.searchParams,
            body,
            headers: request.headers,
          }));
    calls.push({
      provider: provider.id,
      method: request.method,
      path: `${path}${url.search}`,
      body,
      correlationId: request.headers.get("x-correlation-id"),
      authorized: request.headers.has("authorization"),
      status: answer.status,
      atMs: world.clock.now(),
    });
    if (calls.length > CALLS_KEPT_MAX) calls.shift();
    await tables.flush();
    world.log.debug("simulator call", {
      provider: provider.id,
      method: request.method,
      path,
      status: answer.status,
    });
    return respond({ body: null, ...answer });
  }

  async function fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const [, root = "", provider = "", model = ""] = url.pathname.split("/");
    if (root === "health")
      return respond({ status: 200, body: { status: "ok", providers: Object.keys(SIMULATED) } });
    if (root === "calls") return respond({ status: 200, body: { calls } });
    if (root === "records" && request.method === "POST") {
      const records = parse(await request.text());
      if (Array.isArray(records)) {
        providerOf(provider)?.take(decodeURIComponent(model), records.filter(isObject));
        await tables.flush();
      }
      return respond({ status: 204, body: null });
    }
    if (root === "records")
      return respond(recordsPage(providerOf(provider), decodeURIComponent(model), url.searchParams));
    if (root === "learn" && request.method === "POST") {
      learn(provider, request.headers.get("x-github-event") ?? "", parse(await request.text()));
      await tables.flush();
      return respond({ status: 204, body: null });
    }
    const target = providerOf(root);
    if (target === undefined)
      return respond({ status: 404, body: { message: `no simulated provider ${root}` } });
    return callProvider(target, url.pathname.slice(root.length + 1), url, request);
  }

  return {
    fetch,
    calls,
    learn,
    failNext: (provider, times, answer) =>
      force(
        provider,
        Array.from({ length: times }, () => answer),
      ),
    declineNext: (provider) => force(provider, ["decline"]),
  };
}

/** `success: false` for whatever mutation was asked. */
function declined(body: unknown): SimulatedAnswer {
  const query = isObject(body) && typeof body.query === "string" ? body.query : "";
  const root = /\{\s*(\w+)/.exec(query)?.[1] ?? "unknown";
  return { status: 200, body: { data: { [root]: { success: false } } } };
}

function recordsPage(
  provider: SimulatedProvider | undefined,
  model: string,
  query: URLSearchParams,
): SimulatedAnswer {
  const records = provider?.records(model) ?? null;
  if (records === null) return { status: 404, body: { message: `no records of ${model}` } };
  const limit = Math.min(PAGE_MAX, Math.max(1, Number(query.get("limit")) || PAGE_DEFAULT));
  const cursor = query.get("cursor") ?? "";
  const start = cursor === "" ? 0 : Number(/^page-(\d+)$/.exec(cursor)?.[1] ?? Number.NaN);
  if (Number.isNaN(start)) return { status: 400, body: { message: `unknown cursor ${cursor}` } };
  const end = start + limit;
  const nextCursor = end < records.length ? `page-${end}` : null;
  return { status: 200, body: { records: records.slice(start, end), nextCursor } };
}

function parse(text: string): unknown {
  if (text === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    // Recorded as text: a test may want to see what nonsense was sent.
    return text;
  }
}

function respond(answer: SimulatedAnswer): Response {
  const isText = typeof answer.body === "string";
  const headers = {
    "content-type": isText ? "text/plain; charset=utf-8" : "application/json; charset=utf-8",
    ...answer.headers,
  };
  if (answer.body === null || answer.body === undefined)
    return new Response(null, { status: answer.status, headers: answer.headers ?? {} });
  return new Response(isText ? String(answer.body) : JSON.stringify(answer.body), {
    status: answer.status,
    headers,
  });
}
