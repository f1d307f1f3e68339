/** Ports for client tests: a real directory as home, a scripted network, a clock that only moves when told. */
import type { Env, Fetch, Log, LogFields, Ports } from "../../lib/ports.ts";
import { bunPorts } from "../../lib/runtime/bun/ports.ts";
import { FakeClock } from "./clock.ts";
import { type TempDir, tempDir } from "./temp-dir.ts";

/** The ports and what a test looks at. */
export interface ClientWorld extends Disposable {
  readonly ports: Ports;
  readonly clock: FakeClock;
  readonly dir: TempDir;
  /** The home directory that RELAYFILE_HOME names. */
  readonly home: string;
  /** Requests sent so far, `METHOD url`, in order. */
  readonly requests: Request[];
  /** Lines logged so far, `level message`. */
  readonly logged: string[];
  /** Writes a file below the home directory, 0600. */
  write(name: string, content: unknown): string;
  read(name: string): unknown;
}

/** Builds a world. `fetch` answers requests; without it every request fails the test. */
export function clientWorld(options: { env?: Env; fetch?: Fetch; withHome?: boolean } = {}): ClientWorld {
  const dir = tempDir("relayfile-client-");
  const home = dir.join("home");
  const clock = new FakeClock();
  const requests: Request[] = [];
  const logged: string[] = [];
  const env = { ...(options.withHome === false ? {} : { RELAYFILE_HOME: home }), ...options.env };
  const real = bunPorts({ env, cwd: dir.path });
  const fetch: Fetch = async (request) => {
    requests.push(request.clone() as unknown as Request);
    if (options.fetch === undefined) throw new Error(`unexpected request ${request.method} ${request.url}`);
    return options.fetch(request);
  };
  const path = (name: string) => `${home}/${name}`;
  return {
    ports: { ...real, clock, fetch, log: recordingLog(logged) },
    clock,
    dir,
    home,
    requests,
    logged,
    write(name, content) {
      const at = path(name);
      real.fs.makeDir(at.slice(0, at.lastIndexOf("/")), 0o700);
      const text = typeof content === "string" ? content : JSON.stringify(content);
      real.fs.writeFile(at, new TextEncoder().encode(text), { mode: 0o600 });
      return at;
    },
    read: (name) => JSON.parse(new TextDecoder().decode(real.fs.readFile(path(name)))),
    [Symbol.dispose]: () => dir.remove(),
  };
}

/** A workspace token that nobody signed: right for everything that only reads claims. */
export function unsignedToken(claims: Record<string, unknown>): string {
  const part = (value: unknown) =>
    new TextEncoder().encode(JSON.stringify(value)).toBase64({ alphabet: "base64url", omitPadding: true });
  return `${part({ alg: "RS256", typ: "JWT", kid: "k1" })}.${part(claims)}.c2ln`;
}

/** A JSON answer. */
export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json", ...headers },
  });
}

/** A page of HTML, as a wrong host answers. */
export function html(status = 404): Response {
  return new Response("<!DOCTYPE html><title>Not here</title>", {
    status,
    headers: { "content-type": "text/html" },
  });
}

/** A network made of `METHOD /path` -> answer; the query is not part of the key. Anything else is a 404 page. */
export function routes(table: Record<string, (request: Request) => Response | Promise<Response>>): Fetch {
  return async (request) => {
    const answer = table[`${request.method} ${new URL(request.url).pathname}`];
    return answer === undefined ? html() : answer(request as unknown as Request);
  };
}

function recordingLog(lines: string[]): Log {
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}) => {
      const words = Object.entries(fields).map(([key, value]) => `${key}=${value}`);
      lines.push([level, message, ...words].join(" "));
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
