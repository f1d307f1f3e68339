/** One writeback op in full. */
import type { OpDocument } from "../../../commands/ops/show.ts";
import type { WritebackOp } from "../../model/writeback-op.ts";
import type { Style } from "../style.ts";
import { facts } from "./_table.ts";

/** Facts of a `relayfile.op` document. */
export default function op(document: OpDocument, style: Style): string {
  return opFacts(document.op, style).join("\n");
}

/** The facts of an op, one per line. */
export function opFacts(one: WritebackOp, style: Style): string[] {
  const result = one.providerResult === undefined ? null : JSON.stringify(one.providerResult);
  return facts(
    [
      ["op", one.opId],
      ["status", one.status],
      ["path", one.path ?? null],
      ["action", one.action ?? null],
      ["revision", one.revision ?? null],
      ["provider", one.provider || null],
      ["attempts", String(one.attemptCount)],
      ["next attempt", one.nextAttemptAt ?? null],
      ["last status", one.lastStatus === undefined ? null : String(one.lastStatus)],
      ["last error", one.lastError ?? null],
      ["result", result],
      ["correlation", one.correlationId || null],
      ["created", one.createdAt ?? null],
      ["completed", one.completedAt ?? null],
    ],
    style,
  );
}
