/** The process as the front door sees it, so that tests can stand in for it. */
import type { Env } from "../ports.ts";

/** Words, streams and signals of one run. */
export interface Terminal {
  /** Arguments after the program's name. */
  readonly argv: readonly string[];
  readonly env: Env;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Calls `listener` for each SIGINT and SIGTERM. The returned function stops that. */
  onSignal(listener: (signal: "SIGINT" | "SIGTERM") => void): () => void;
  /** Standard input, read to its end or just past `bytesMax`; absent means the process's own. */
  readonly stdin?: (bytesMax: number) => Promise<Uint8Array>;
  /** Ends the process at once; used for a second signal only. */
  exitNow(code: number): void;
}

/** One output stream. */
export interface OutputStream {
  /** What the stream is connected to; asked only when text is styled, because finding out costs time. */
  screen(): Promise<Screen>;
  /** Resolves when the bytes were handed over: true, or false when nobody reads any more. Fails with `io_error` otherwise. */
  write(chunk: string | Uint8Array): Promise<boolean>;
}

/** What a stream is connected to. */
export interface Screen {
  readonly isTty: boolean;
  /** Columns of the terminal, or null when it is none. */
  readonly columns: number | null;
}
