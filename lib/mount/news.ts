/** What a mount tells while it works, for `mount --events`: few kinds, each about something a person or program would act on. */
import type { Verdict } from "../sync/verdict.ts";
import type { BootstrapNews } from "./bootstrap.ts";

/** What happened to one path. Paths are remote ones. */
export interface PathNews {
  /**
   * `placed`, `removed`: the mirror followed the server. `sent`, `deleted`: the server took what was done here. `conflict`:
   * both sides changed. `refused`: the server will not take it, a dead letter tells why.
   */
  readonly what: "placed" | "removed" | "sent" | "deleted" | "conflict" | "refused";
  readonly path: string;
  /** Revision the server has now, where it is known. */
  readonly revision?: string;
  /** Where the local version was kept, for a conflict; the dead letter's id, for a refusal. */
  readonly artifact?: string;
  readonly opId?: string;
}

/** Told about a mount; silent unless a command listens. */
export interface MountNews {
  bootstrap(news: BootstrapNews): void;
  path(news: PathNews): void;
  /** The verdict whenever it or its reason changed. */
  verdict(verdict: Verdict, reason: string): void;
}

/** Nobody listens. Every engine has its own, so that a listener can take its place. */
export function silentNews(): MountNews {
  return { bootstrap: () => undefined, path: () => undefined, verdict: () => undefined };
}
