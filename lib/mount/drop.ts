/** `writeback drop` of a save that is still being tried: it ends, and the same bytes are not taken up again. */
import { fail } from "../errors.ts";
import { readDeadLetter, removeDeadLetter } from "./dead-letter.ts";
import type { Engine } from "./engine.ts";
import { rememberRefused } from "./outcome.ts";

/** What was given up. */
export interface Dropped {
  readonly opId: string;
  readonly path: string | null;
}

/** Gives up the save behind a dead letter. The local file stays. Fails with `dead_letter_unknown`. */
export function dropDeadLetter(engine: Engine, opId: string): Dropped {
  const { fs } = engine.world;
  const read = readDeadLetter(fs, engine.layout.deadLetters, opId);
  if (read === null) fail("dead_letter_unknown", `unknown dead-letter op "${opId}"`, { opId });
  const record = "record" in read ? read.record : null;
  const item = engine.outbox.pending.get(record?.commandId ?? "");
  if (item !== undefined && item.record.opId === undefined) {
    rememberRefused(engine, item);
    engine.outbox.fail(item.record.commandId, "given up by a person", false);
  }
  if (record?.commandId !== undefined) engine.outbox.unmark(record.commandId);
  removeDeadLetter(fs, engine.layout.deadLetters, opId);
  engine.wake.state.call();
  return { opId, path: record?.path ?? null };
}
