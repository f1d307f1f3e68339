/** What has been printed by one run, and the only way to print more. Writes keep their order and never reject. */
import type { Document, GlobalFlags } from "../../commands/_command.ts";
import { EXIT } from "../errors.ts";
import type { Style } from "./style.ts";
import type { Terminal } from "./terminal.ts";

/** The streams of one run. */
export class Output {
  /** Set once the command's flags are read. */
  globals: Pick<GlobalFlags, "color" | "json">;
  /** True once a document is on stdout: no second one may follow. */
  documentPrinted = false;
  /** True once raw bytes went to stdout. */
  streamed = false;
  /** True once the reader of stdout has gone. */
  pipeClosed = false;
  /** Called when the reader of stdout goes away. */
  onPipeClosed: () => void = () => {};
  private failure: { thrown: unknown } | null = null;
  private tail: Promise<void> = Promise.resolve();

  constructor(
    private readonly terminal: Terminal,
    readonly json: boolean,
  ) {
    this.globals = { color: !terminal.argv.includes("--no-color"), json };
  }

  /** Prints a document in the form that was asked for; at most one per run. The value is the exit code of success. */
  async document(document: Document): Promise<number> {
    if (this.documentPrinted) return EXIT.PASS;
    this.documentPrinted = true;
    this.enqueue(async () => {
      const { renderResult } = await import("./render-result.ts");
      try {
        await this.writeStdout(await renderResult(document, this.json, await this.style("stdout")));
      } catch (error) {
        this.documentPrinted = false;
        throw error;
      }
    });
    await this.flush();
    return EXIT.PASS;
  }

  /** Raw bytes on stdout. */
  stream(chunk: string | Uint8Array): void {
    this.streamed = true;
    this.stdout(chunk);
  }

  stdout(chunk: string | Uint8Array): void {
    this.enqueue(() => this.writeStdout(chunk));
  }

  stderr(text: string): void {
    this.enqueue(async () => void (await this.terminal.stderr.write(text)));
  }

  /** One line on stderr, if that is a terminal. */
  progress(line: string): void {
    this.enqueue(async () => {
      if (!(await this.terminal.stderr.screen()).isTty) return;
      await this.terminal.stderr.write(`${(await this.style("stderr")).dim(line)}\n`);
    });
  }

  /** One line on stderr that replaces the last such line, if that is a terminal; null removes it. */
  status(line: string | null): void {
    this.enqueue(async () => {
      const { isTty, columns } = await this.terminal.stderr.screen();
      if (!isTty || this.terminal.env.TERM === "dumb") return;
      // Cut to the screen: a wrapped line could not be overwritten.
      const text = line === null ? "" : (await this.style("stderr")).dim(line.slice(0, (columns ?? 80) - 1));
      await this.terminal.stderr.write(`\r\u001b[K${text}`);
    });
  }

  /** How text on a stream looks. */
  async style(stream: "stdout" | "stderr"): Promise<Style> {
    const { styleOf } = await import("./style.ts");
    const screen = await this.terminal[stream].screen();
    return styleOf({ env: this.terminal.env, screen, globals: this.globals });
  }

  /** Resolves when everything so far was handed over; rejects once with the failure of a view. */
  async flush(): Promise<void> {
    await this.tail;
    const failure = this.failure;
    this.failure = null;
    if (failure !== null) throw failure.thrown;
  }

  private async writeStdout(chunk: string | Uint8Array): Promise<void> {
    const open = await this.terminal.stdout.write(chunk);
    if (open || this.pipeClosed) return;
    this.pipeClosed = true;
    this.onPipeClosed();
  }

  private enqueue(write: () => Promise<void>): void {
    this.tail = this.tail.then(write).catch((thrown: unknown) => {
      this.failure ??= { thrown };
    });
  }
}
