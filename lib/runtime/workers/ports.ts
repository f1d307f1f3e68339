/** The world of the Workers platform behind the interfaces of the core. */
import type { Env, Fetch, Log, LogFields, Random } from "../../ports.ts";
import type { Bindings } from "./types.ts";

/** The platform's cryptographic generator. */
export const WORKERS_RANDOM: Random = {
  bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
  uuid: () => crypto.randomUUID(),
  float: () => Math.random(),
};

/** Requests to elsewhere; redirects are the caller's business. */
export const workersFetch: Fetch = (request) => fetch(request);

/** Lines for the platform's log as JSON; `debug` ones only when `RELAYFILE_LOG` says so. */
export function workersLog(env: Env): Log {
  const write = (level: "debug" | "info" | "warn" | "error") => (message: string, fields?: LogFields) => {
    // biome-ignore lint/suspicious/noConsole: the console is the platform's log.
    console[level](JSON.stringify({ level, message, ...fields }));
  };
  const debug = env.RELAYFILE_LOG === "debug" ? write("debug") : () => {};
  return { debug, info: write("info"), warn: write("warn"), error: write("error") };
}

/** Variables and secrets among the bindings. */
export function variablesOf(bindings: Bindings): Env {
  const texts = Object.entries(bindings).filter(([, value]) => typeof value === "string");
  return Object.fromEntries(texts) as Env;
}
