/**
 * How the contract suites declare tests. Against our own runtimes this is `bun:test` alone; against a deployment of
 * somebody else a test may also end as "not deployed" or "not checked", which is recorded and never counted as passed.
 */
import { afterAll as bunAfterAll, beforeAll as bunBeforeAll, test as bunTest } from "bun:test";
import { appendFileSync } from "node:fs";

/** How one test ended. */
export interface ContractOutcome {
  readonly kind: "test";
  readonly title: string;
  readonly outcome: "passed" | "failed" | "not-deployed" | "not-checked";
  /** The route, the reason or the failure; empty when it passed. */
  readonly detail: string;
}

/** Thrown where a test cannot be judged: the deployment lacks a route, or the run lacks a means. */
export class NotJudged extends Error {
  constructor(
    readonly outcome: "not-deployed" | "not-checked",
    message: string,
  ) {
    super(message);
  }
}

/** Where outcomes go, one JSON document a line; null while a suite runs against our own runtimes. */
const recordFile = process.env.RELAYFILE_CONTRACT_RECORD ?? null;
/** Why the tests of the running suite cannot be judged, known since its start. */
let blocked: NotJudged | null = null;

/** Writes one line for whoever started the run. */
export function record(line: Readonly<Record<string, unknown>>): void {
  if (recordFile !== null) appendFileSync(recordFile, `${JSON.stringify(line)}\n`);
}

/** Declares a test. */
export function test(title: string, body: () => unknown): void {
  if (recordFile === null) {
    bunTest(title, body as () => Promise<void>);
    return;
  }
  bunTest(title, async () => {
    const end = (outcome: ContractOutcome["outcome"], detail = "") =>
      record({ kind: "test", title, outcome, detail } satisfies ContractOutcome);
    try {
      if (blocked !== null) throw blocked;
      await body();
      end("passed");
    } catch (thrown) {
      if (thrown instanceof NotJudged) return end(thrown.outcome, thrown.message);
      end("failed", thrown instanceof Error ? thrown.message : String(thrown));
      throw thrown;
    }
  });
}

/** Prepares a suite; what cannot be judged at its start blocks its tests. */
export function beforeAll(prepare: () => unknown): void {
  bunBeforeAll(async () => {
    try {
      if (blocked === null) await prepare();
    } catch (thrown) {
      if (recordFile === null || !(thrown instanceof NotJudged)) throw thrown;
      blocked = thrown;
    }
  });
}

/** Ends a suite. */
export function afterAll(end: () => unknown): void {
  bunAfterAll(async () => {
    if (blocked === null) await end();
    blocked = null;
  });
}

/** Refuses to judge without this condition; our own runtimes always fulfil it, so there a missing one is a failure. */
export function needs(condition: boolean, what: string): void {
  if (!condition) throw new NotJudged("not-checked", `needs ${what}`);
}
