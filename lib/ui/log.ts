/**
 * Diagnostics on stderr through consola, which is loaded with the first line that is shown: a run that says nothing
 * does not pay for it, and stdout stays a contract.
 */
import { printable } from "../model/printable.ts";
import type { Env, Log, LogFields } from "../ports.ts";
import type { OutputStream } from "./terminal.ts";

/** A log that can be waited for. */
export interface FlushableLog extends Log {
  /** Resolves when every line so far was handed to the stream. */
  flush(): Promise<void>;
}

type Level = keyof Log;

const NUMBER: Readonly<Record<Level, number>> = { error: 0, warn: 1, info: 3, debug: 4 };

/** The highest level shown, as consola counts: nothing, warnings, information (-v), debugging (-vv). */
export function logLevel({ quiet, verbosity }: { quiet: boolean; verbosity: number }): number {
  if (quiet) return -1;
  return verbosity === 0 ? NUMBER.warn : verbosity === 1 ? NUMBER.info : NUMBER.debug;
}

/** A log that writes lines `level message key=value` to one stream and nowhere else, without the secrets of `env`. */
export function createLog(stream: OutputStream, level: number, env: Env): FlushableLog {
  let tail: Promise<unknown> = Promise.resolve();
  const open = async () => {
    const [{ createConsola }, { redactorOf }] = await Promise.all([
      import("consola/core"),
      import("./secrets.ts"),
    ]);
    const redactor = redactorOf(env);
    const reporter = {
      log: ({ type, args }: { type: string; args: unknown[] }) => {
        tail = tail.then(() => stream.write(`${printable(redactor.text(`${type} ${args.join(" ")}`))}\n`));
      },
    };
    return createConsola({ level, reporters: [reporter], throttle: 0 });
  };
  let opening: ReturnType<typeof open> | undefined;
  const emit =
    (at: Level) =>
    (message: string, fields: LogFields = {}) => {
      if (NUMBER[at] > level) return;
      const line = [message, ...fieldWords(fields)].join(" ");
      opening ??= open();
      const ready = opening;
      tail = tail.then(async () => void (await ready)[at](line));
    };
  const flush = async () => {
    for (let seen: unknown; seen !== tail; ) {
      seen = tail;
      await tail;
    }
  };
  return { debug: emit("debug"), info: emit("info"), warn: emit("warn"), error: emit("error"), flush };
}

/** `key=value` words; values with spaces or quotes are quoted, absent ones left out. */
export function fieldWords(fields: LogFields): string[] {
  return Object.entries(fields).flatMap(([key, value]) => {
    if (value === undefined || value === null) return [];
    const text = String(value);
    return [`${key}=${/[\s"=]|^$/.test(text) ? JSON.stringify(text) : text}`];
  });
}
