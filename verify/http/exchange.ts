/** One recorded HTTP attempt as the report shows it, and the curl line that repeats it. */
import type { Service, TransportClass } from "../facts.ts";

/** A request and its answer, redacted. Times are ms; `startedAt` is ISO 8601 UTC. */
export interface Exchange {
  readonly id: string;
  readonly seq: number;
  readonly attempt: number;
  readonly service: Service;
  readonly correlationId: string;
  readonly startedAt: string;
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly bodyBytes: number;
    readonly bodySha256?: string;
    readonly bodyPreview?: string;
  };
  readonly response?: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly bodyBytes: number;
    readonly bodySha256: string;
    readonly bodyPreview?: string;
    /** True when the preview or the body was cut. */
    readonly truncated: boolean;
  };
  readonly error?: { readonly class: TransportClass; readonly code: string; readonly message: string };
  readonly timing: {
    readonly ttfbMs: number | null;
    readonly totalMs: number;
    readonly budgetMs: number;
    readonly budgetRatio: number;
  };
  readonly repro: {
    readonly curl: string;
    readonly argv: readonly string[];
    readonly needsEnv: readonly string[];
    readonly effect: "read" | "refresh" | "write";
    readonly note?: string;
  };
}

/** Which variable of the shell stands for a credential in a curl line. */
export const TOKEN_VARIABLES = {
  workspace: "RELAYFILE_TOKEN",
  cloud: "RELAYFILE_CLOUD_TOKEN",
  provider: "RELAYFILE_PROVIDER_TOKEN",
} as const;

/** What a curl line is made of. */
export interface CurlInput {
  readonly method: string;
  /** Without query. */
  readonly url: string;
  readonly query: readonly (readonly [name: string, value: string])[];
  readonly headers: Readonly<Record<string, string>>;
  readonly credential: keyof typeof TOKEN_VARIABLES | null;
  readonly body: string | null;
  readonly timeoutMs: number;
}

/** The argv of a request; `"$NAME"` inside a word is a variable the shell fills in. argv is the truth, the line is it quoted. */
export function curlArgv(input: CurlInput): string[] {
  const argv = ["curl", "-sS", "-i", "--max-time", String(Math.max(1, Math.ceil(input.timeoutMs / 1000)))];
  if (input.method !== "GET") argv.push("-X", input.method);
  for (const [name, value] of Object.entries(input.headers)) argv.push("-H", `${name}: ${value}`);
  if (input.credential !== null) {
    argv.push("-H", `Authorization: Bearer $${TOKEN_VARIABLES[input.credential]}`);
  }
  if (input.query.length > 0 && input.body === null) {
    argv.push("-G");
    for (const [name, value] of input.query) argv.push("--data-urlencode", `${name}=${value}`);
    return [...argv, input.url];
  }
  const query = new URLSearchParams(
    input.query.map(([name, value]): [string, string] => [name, value]),
  ).toString();
  if (input.body !== null) argv.push("--data-binary", input.body);
  return [...argv, query === "" ? input.url : `${input.url}?${query}`];
}

/** An argv as one POSIX shell line. Only the credential variables are left for the shell to expand. */
export function shellLine(argv: readonly string[]): string {
  return argv.map(quoteWord).join(" ");
}

function quoteWord(word: string): string {
  if (/^[A-Za-z0-9_./:=@%+,-]+$/.test(word)) return word;
  const variable = /\$(?:RELAYFILE_TOKEN|RELAYFILE_CLOUD_TOKEN|RELAYFILE_PROVIDER_TOKEN)$/.exec(word);
  if (variable !== null) return `${single(word.slice(0, variable.index))}"${variable[0]}"`;
  return single(word);
}

function single(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
