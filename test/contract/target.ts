/** What a contract suite runs against: a deployment reached by one function, and how to get tokens for it. */

/** A deployment under test. */
export interface ContractTarget {
  readonly fileApiUrl: string;
  readonly controlPlaneUrl: string;
  readonly workspaceId: string;
  fetch(request: Request): Promise<Response>;
  /** A workspace token with exactly these scopes. */
  token(
    scopes: readonly string[],
    options?: { agent?: string; workspaceId?: string; lifetimeMs?: number },
  ): Promise<string>;
  /** Cloud tokens of a fresh session. */
  cloud(): Promise<{ accessToken: string; refreshToken: string }>;
  /** Throws where a route is known to be absent, for connections that `fetch` does not make; absent when all are there. */
  requires?(method: string, url: string): void;
  /** The operator's key where signing in asks for one; absent where whoever reaches the service may sign in. */
  readonly signInKey?: string;
  stop(): Promise<void>;
}

/** One answer, its body parsed when it is JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  readonly body: any;
  readonly text: string;
}

/** A call. `path` is below the workspace unless it starts with a slash. */
export interface Call {
  readonly token?: string | null;
  readonly body?: unknown;
  readonly raw?: string | Uint8Array;
  readonly headers?: Record<string, string>;
  readonly correlationId?: string | null;
}

/** Everything a token can be granted. */
export const ALL_SCOPES = [
  "fs:read",
  "fs:write",
  "sync:read",
  "sync:trigger",
  "ops:read",
  "ops:replay",
] as const;

let serial = 0;

/** Calls the file API with all scopes unless the call brings its own token; null sends none. */
export async function api(
  target: ContractTarget,
  method: string,
  path: string,
  call: Call = {},
): Promise<Answer> {
  const token = call.token === undefined ? await target.token(ALL_SCOPES) : call.token;
  const url = path.startsWith("/")
    ? `${target.fileApiUrl}${path}`
    : `${target.fileApiUrl}/v1/workspaces/${target.workspaceId}/${path}`;
  return send(target, method, url, { ...call, token });
}

/** Calls the control plane below `/api/v1/`. */
export function cloud(
  target: ContractTarget,
  method: string,
  path: string,
  call: Call = {},
): Promise<Answer> {
  return send(target, method, `${target.controlPlaneUrl}/api/v1/${path}`, call);
}

/** Sends one request and reads the answer. */
export async function send(target: ContractTarget, method: string, url: string, call: Call): Promise<Answer> {
  const correlationId = call.correlationId === undefined ? `t_${++serial}` : call.correlationId;
  const response = await target.fetch(
    new Request(url, {
      method,
      redirect: "manual",
      headers: {
        ...(call.token ? { Authorization: `Bearer ${call.token}` } : {}),
        ...(correlationId === null ? {} : { "X-Correlation-Id": correlationId }),
        ...call.headers,
      },
      body:
        call.raw === undefined
          ? call.body === undefined
            ? undefined
            : JSON.stringify(call.body)
          : (call.raw as string),
    }),
  );
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") ?? false;
  return {
    status: response.status,
    headers: response.headers,
    text,
    // Parsed anew each time: bun's `toMatchObject` writes its matchers into the object it looks at.
    get body() {
      return isJson ? JSON.parse(text) : null;
    },
  };
}

/** Writes a file and returns its revision. */
export async function put(
  target: ContractTarget,
  path: string,
  content: string,
  options: { ifMatch?: string; semantics?: unknown; token?: string; encoding?: string } = {},
): Promise<string> {
  const { ifMatch = "*", token, ...rest } = options;
  const answer = await api(target, "PUT", `fs/file?path=${encodeURIComponent(path)}`, {
    body: { content, ...rest },
    headers: { "If-Match": ifMatch },
    ...(token === undefined ? {} : { token }),
  });
  if (answer.status !== 202) throw new Error(`put ${path}: ${answer.status} ${answer.text}`);
  return answer.body.targetRevision;
}

/** Asks until the answer satisfies `done`, for at most 10 s; returns the last answer. */
export async function until<T>(ask: () => Promise<T>, done: (answer: T) => boolean): Promise<T> {
  const deadline = performance.now() + 10_000;
  let answer = await ask();
  while (!done(answer) && performance.now() < deadline) {
    await Bun.sleep(5);
    answer = await ask();
  }
  return answer;
}
