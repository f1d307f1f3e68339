/** The compiled `relayfile serve` as a separate process, as a user would start it. */
import type { ServeDocument } from "../../commands/serve.ts";
import type { Sandbox } from "./sandbox.ts";

/** A running stack. */
export interface Served extends ServeDocument {
  /** Ends it with SIGTERM; resolves with its exit code. */
  stop(): Promise<number>;
  /** Everything it wrote to stderr so far ends up here after `stop`. */
  readonly stderr: Promise<string>;
}

/** Starts `serve` in a sandbox and waits for its document. Throws when it ends before that. */
export async function serve(
  box: Sandbox,
  words: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<Served> {
  const { child, stderr } = await box.start(["serve", "--data", box.join("data"), "--json", ...words], {
    env,
    pipe: true,
  });
  const document = await firstDocument(child.stdout as ReadableStream<Uint8Array>);
  if (document === null) throw new Error(`serve ended with ${await child.exited}: ${await stderr}`);
  const stop = () => {
    child.kill("SIGTERM");
    return child.exited;
  };
  return { ...(JSON.parse(document) as ServeDocument), stop, stderr };
}

/** Text up to the end of the first top-level JSON object; null when the stream ends before. */
async function firstDocument(stream: ReadableStream<Uint8Array>): Promise<string | null> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true });
    if (text.endsWith("\n}\n")) return text;
  }
  return null;
}
