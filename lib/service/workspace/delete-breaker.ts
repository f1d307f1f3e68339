/** The brake on delete storms: a client that lost its mirror must not empty the workspace (spec file-api 4.5). */
import { fail } from "../../errors.ts";
import { FILE_API } from "../../limits.ts";

/** Counts deletes of one workspace in a sliding window; refused tries count as well. */
export class DeleteBreaker {
  private readonly recent: number[] = [];

  constructor(
    private readonly max: number = FILE_API.deleteStormMax,
    private readonly windowMs: number = FILE_API.deleteStormWindowMs,
  ) {}

  /** Counts one delete at `now` (ms). Fails with `delete_storm_rejected` when the window is full. */
  take(now: number): void {
    while (this.recent[0] !== undefined && this.recent[0] <= now - this.windowMs) this.recent.shift();
    // One entry above the limit is enough to know that it is exceeded; older ones would only grow the list.
    if (this.recent.length > this.max) this.recent.shift();
    this.recent.push(now);
    if (this.recent.length <= this.max) return;
    fail("delete_storm_rejected", `more than ${this.max} deletes within ${this.windowMs / 1_000} s`, {
      retryAfterSeconds: 60,
    });
  }
}
