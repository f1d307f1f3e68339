/** A loopback proxy before both services that misbehaves as told: the only way to meet servers that do what ours never do. */
import { CLOUD_PREFIX } from "../../lib/service/front.ts";

/** One thing that goes wrong between a client and the services. */
export interface Mischief {
  /** Path with its prefix (`/cloud/api/…`), as the client sent it. */
  readonly when: (url: URL, request: Request) => boolean;
  /** Answers instead of the service. */
  readonly answer?: (request: Request) => Response | Promise<Response>;
  /** Changes the request on its way there. */
  readonly request?: (headers: Headers, url: URL) => void;
  /** Changes the JSON on its way back; anything else passes. */
  readonly json?: (body: never, url: URL) => unknown;
  /** Replaces the answer on its way back. */
  readonly response?: (answer: Response) => Response | Promise<Response>;
  /** Waits before anything else, ms of the clock of whoever asks. */
  readonly delayMs?: number;
}

/** A running proxy. */
export interface MisbehavingProxy {
  readonly fileApiUrl: string;
  readonly controlPlaneUrl: string;
  /** What goes wrong now; the first rule that fits an exchange decides. Emptied between faults. */
  readonly rules: Mischief[];
  /** How a delayed request waits; set by whoever asks. */
  hold: (ms: number) => Promise<void>;
  stop(): Promise<void>;
}

/** Starts a proxy on a free loopback port before `upstream`. */
export function misbehavingProxy(upstream: string): MisbehavingProxy {
  const rules: Mischief[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 30,
    async fetch(request) {
      const url = new URL(request.url);
      const matching = rules.filter((rule) => rule.when(url, request));
      for (const { delayMs } of matching) if (delayMs !== undefined) await proxy.hold(delayMs);
      const answering = matching.find((rule) => rule.answer !== undefined);
      if (answering?.answer !== undefined) return answering.answer(request);
      const headers = new Headers(request.headers);
      headers.delete("host");
      for (const rule of matching) rule.request?.(headers, url);
      const body = request.body === null ? null : await request.arrayBuffer();
      let answer: Response = await fetch(`${upstream}${url.pathname}${url.search}`, {
        method: request.method,
        headers,
        body,
        redirect: "manual",
      });
      for (const rule of matching) {
        if (rule.json !== undefined) answer = await rewritten(answer, rule.json, url);
        if (rule.response !== undefined) answer = await rule.response(answer);
      }
      return answer;
    },
  });
  const base = `http://127.0.0.1:${server.port}`;
  const proxy: MisbehavingProxy = {
    fileApiUrl: base,
    controlPlaneUrl: `${base}${CLOUD_PREFIX}`,
    rules,
    hold: Bun.sleep,
    stop: () => server.stop(true),
  };
  return proxy;
}

async function rewritten(
  answer: Response,
  change: NonNullable<Mischief["json"]>,
  url: URL,
): Promise<Response> {
  if (!answer.headers.get("content-type")?.includes("json")) return answer;
  const body = change((await answer.json()) as never, url);
  const headers = new Headers(answer.headers);
  headers.delete("content-length");
  headers.delete("content-encoding");
  return new Response(JSON.stringify(body), { status: answer.status, headers });
}

/** Every request to the file API. */
export const fileApi = (url: URL) => !url.pathname.startsWith(CLOUD_PREFIX);

/** Every request to the control plane. */
export const controlPlane = (url: URL) => url.pathname.startsWith(CLOUD_PREFIX);

/** Requests whose path ends like this: `/fs/tree`. */
export const route = (ending: string) => (url: URL) => url.pathname.endsWith(ending);

/** Everything below the workspaces of the file API, so not its liveness route. */
export const workspaceRoutes = (url: URL) => url.pathname.startsWith("/v1/workspaces/");

/** Answers that are no answers. */
export const ANSWERS = {
  html: () =>
    new Response("<!doctype html><title>welcome</title>", { headers: { "content-type": "text/html" } }),
  halfJson: () => new Response('{"entries": [{"pa', { headers: { "content-type": "application/json" } }),
  wrongShape: () => Response.json([1, 2, 3]),
  errorInside: () => Response.json({ error: { code: "internal", message: "something went wrong" } }),
  plainText: () => new Response('{"status":"ok"}', { headers: { "content-type": "text/plain" } }),
  invalidUtf8: () =>
    new Response(new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]), {
      headers: { "content-type": "application/json" },
    }),
  huge: () => new Response("x".repeat(9 * 1024 * 1024), { headers: { "content-type": "application/json" } }),
  redirect: () => new Response(null, { status: 302, headers: { location: "http://127.0.0.1:9/signin" } }),
  empty: () => new Response(null, { status: 200 }),
  /** One byte at a time for as long as anybody listens. */
  drip: () =>
    new Response(
      new ReadableStream({
        async pull(controller) {
          await Bun.sleep(50);
          controller.enqueue(new Uint8Array([0x20]));
        },
      }),
      { headers: { "content-type": "application/json" } },
    ),
} as const satisfies Record<string, () => Response>;

/** An error as the file API words it. */
export const refusal = (
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
) => Response.json({ code, message, correlationId: "corr_proxy" }, { status, headers });

/** A server that ends every connection in the middle of its answer. */
export function cutOffServer(): { readonly url: string; stop(): void } {
  const listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data(socket) {
        socket.write(
          'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"status":',
        );
        socket.end();
      },
    },
  });
  return { url: `http://127.0.0.1:${listener.port}`, stop: () => listener.stop(true) };
}
