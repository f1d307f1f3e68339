/** Deliveries that wait: syncs of a source, which take long, and whatever a crash left unfinished. */
import { isRelayfileError, messageOf } from "../../errors.ts";
import type { TreeStore } from "../../ports.ts";
import { openEnvelopes } from "../store/envelopes.ts";
import type { WorkspaceContext } from "./context.ts";
import { processEnvelope } from "./deliveries.ts";

const PARALLEL_MAX = 4;
/** How many open envelopes are looked at to find ones that nobody works on. */
const LOOK_MAX = 64;
/** Before the next look after a failure that left an envelope open, such as a full disk. */
const TROUBLE_WAIT_MS = 5_000;

/** Works on waiting deliveries beside everything else, a few at a time, oldest first. */
export class DeliveryQueue {
  private readonly running = new Set<Promise<void>>();
  private readonly stopping = new AbortController();

  constructor(
    private readonly context: WorkspaceContext,
    private readonly tree: TreeStore,
  ) {}

  /** Starts what waits; returns at once. */
  start(): void {
    if (this.stopping.signal.aborted) return;
    for (const envelope of openEnvelopes(this.context.store.sql, LOOK_MAX)) {
      if (this.running.size >= PARALLEL_MAX) return;
      if (this.context.inFlight.has(envelope.envelopeId)) continue;
      const work: Promise<void> = processEnvelope(this.context, this.tree, envelope, this.stopping.signal)
        .then(
          () => 0,
          (thrown) => {
            // The envelope says what went wrong: it is a dead letter, or still open because we are stopping.
            const fields = { envelope: envelope.envelopeId, error: messageOf(thrown) };
            if (isRelayfileError(thrown)) this.context.log.debug("delivery failed", fields);
            else if (!this.stopping.signal.aborted) this.context.log.warn("delivery failed", fields);
            return isRelayfileError(thrown) ? 0 : TROUBLE_WAIT_MS;
          },
        )
        .then((waitMs) => {
          this.running.delete(work);
          if (!this.stopping.signal.aborted) this.context.wake(this.context.clock.now() + waitMs);
        });
      this.running.add(work);
    }
  }

  /** Resolves when nothing started so far is under way any more. */
  async idle(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running);
  }

  /** Ends what is under way between two pages; it is taken up again after the next start. */
  async stop(): Promise<void> {
    this.stopping.abort(new Error("the workspace is closing"));
    await this.idle();
  }
}
