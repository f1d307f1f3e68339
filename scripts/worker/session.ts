/** A cloud session and workspace tokens of any control plane, as a client gets them; for scripts that need no person. */

/** Cloud tokens of one session. */
export interface CloudSession {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** ISO 8601. */
  readonly accessTokenExpiresAt: string;
  /** ISO 8601. */
  readonly refreshTokenExpiresAt: string;
}

/** A workspace by both ids. */
export interface WorkspaceIds {
  /** `rw_` id, the one in file API paths. */
  readonly workspaceId: string;
  /** The control plane's UUID. */
  readonly cloudWorkspaceId: string;
}

/** Sends a request; what `fetch` does unless a test says otherwise. */
export type Send = (request: Request) => Promise<Response>;

const CALLBACK = "http://127.0.0.1:1/callback";

/**
 * Signs in over the login page: at once where everybody may, else with the operator's key. The answer that carries the
 * tokens is a redirect to a listener on this machine, which is read and not followed. Null when nobody may sign in so.
 */
export async function signIn(
  controlPlaneUrl: string,
  options: { key?: string; send?: Send } = {},
): Promise<CloudSession | null> {
  const { key, send = fetch } = options;
  const page = `${controlPlaneUrl}/api/v1/cli/login`;
  const request =
    key === undefined
      ? new Request(`${page}?redirect_uri=${encodeURIComponent(CALLBACK)}`, { redirect: "manual" })
      : new Request(page, {
          method: "POST",
          redirect: "manual",
          body: new URLSearchParams({ redirect_uri: CALLBACK, key }),
        });
  const answer = await send(request);
  const location = answer.headers.get("location");
  if (location === null || !location.startsWith(CALLBACK)) return null;
  const { searchParams } = new URL(location);
  const text = (name: string) => searchParams.get(name) ?? "";
  return {
    accessToken: text("access_token"),
    refreshToken: text("refresh_token"),
    accessTokenExpiresAt: text("access_token_expires_at"),
    refreshTokenExpiresAt: text("refresh_token_expires_at"),
  };
}

/** Calls the control plane with a cloud token; the parsed answer, or null when the status is not `expected`. */
export async function callControlPlane<T>(
  call: { url: string; token: string; method: string; body?: unknown; send?: Send },
  expected: number,
): Promise<T | null> {
  const answer = await (call.send ?? fetch)(
    new Request(call.url, {
      method: call.method,
      headers: { Authorization: `Bearer ${call.token}`, "Content-Type": "application/json" },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    }),
  );
  if (answer.status !== expected || !(answer.headers.get("content-type") ?? "").includes("json")) return null;
  return (await answer.json()) as T;
}
