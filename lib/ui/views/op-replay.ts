/** A replayed op. */
import type { OpReplayDocument } from "../../../commands/ops/replay.ts";
import type { Style } from "../style.ts";
import { opFacts } from "./op.ts";

/** One line of a `relayfile.op-replay` document, and the op when it was waited for. */
export default function opReplay(document: OpReplayDocument, style: Style): string {
  const { opId, status, op } = document;
  const mark = status === "succeeded" ? "pass" : op === null ? "info" : "fail";
  const head = `${style.mark(mark)} replayed ${opId}: ${status}`;
  return op === null
    ? `${head}\n  relayfile ops show ${opId}`
    : [head, ...opFacts(op, style).map((line) => `  ${line}`)].join("\n");
}
