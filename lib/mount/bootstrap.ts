/**
 * One attempt at the first copy and its own limits in time: it may take as long as it makes progress, ends when it makes
 * none, goes on where it was, and gives up only when the server answers again and again without any of it (spec
 * mount-daemon 2.5, decision 0310).
 */
import { isRelayfileError, messageOf, RelayfileError } from "../errors.ts";
import { type Pace, paceText } from "../sync/pace.ts";
import { blockedByDirectories } from "./directory-limit.ts";
import type { Engine } from "./engine.ts";

/** Meta keys: where the copy is, and how many attempts in a row brought nothing. */
export const BOOTSTRAP_META = { place: "bootstrap", stalls: "bootstrapStallCycles" } as const;

/** One attempt as the copying code sees it. */
export interface Attempt {
  /** Aborts when the daemon stops, and when a limit of this attempt ends it. */
  readonly signal: AbortSignal;
  /** Something came in: the watchdog looks away. */
  tick(): void;
  /** Files are in place, of as many as the server tells; bytes that came since the last call. */
  report(files: number, total: number | null, bytes?: number): void;
}

/** What `mount --events` and the progress line hear of. */
export interface BootstrapNews extends Pace {
  readonly phase: "started" | "progress" | "complete" | "interrupted" | "stalled";
  /** Why, for the last two. */
  readonly reason?: string;
}

const LOOK_MS = { most: 10_000, least: 10 } as const;

/** The error of a copy that was given up; null while it may be tried. Needs no server (B6). */
export function stalledBootstrap(engine: Engine): RelayfileError | null {
  const blocked = blockedByDirectories(engine);
  if (blocked !== null) return blocked;
  const stalls = stallsOf(engine);
  const limit = engine.config.bootstrapStallCyclesMax;
  if (stalls < limit) return null;
  return new RelayfileError(
    "bootstrap_stalled",
    `the first copy made no progress in ${stalls} attempts, the limit is ${limit}`,
    { stallCycles: stalls, stallLimit: limit, hint: HINT },
  );
}

const HINT = "Look at relayfile logs; then mount again with a higher RELAYFILE_BOOTSTRAP_STALL_CYCLES";

/** Runs one attempt. Progress made is kept whatever happens; the failure is that of `copy`, or the limit that ended it. */
export async function attemptBootstrap(
  engine: Engine,
  stop: AbortSignal,
  copy: (attempt: Attempt) => Promise<void>,
): Promise<void> {
  const given = stalledBootstrap(engine);
  if (given !== null) {
    tell(engine, "stalled", given.message);
    throw given;
  }
  const placeBefore = placeOf(engine);
  const watch = startWatch(engine, stop);
  begin(engine);
  try {
    await copy(watch.attempt);
  } catch (thrown) {
    if (stop.aborted) throw thrown;
    const error = watch.ended() ?? thrown;
    judge(engine, placeOf(engine) !== placeBefore, error);
    throw error;
  } finally {
    watch.close();
  }
  engine.db.setMeta(BOOTSTRAP_META.stalls, null);
  engine.world.log.info("bootstrap complete", { files: engine.health.bootstrap?.filesSynced ?? 0 });
  tell(engine, "complete");
  engine.health.bootstrap = null;
}

/** After an attempt that ended early: what it brought decides whether it counts as a stall. */
function judge(engine: Engine, moved: boolean, error: unknown): void {
  const { db, config, world } = engine;
  const silent = isRelayfileError(error, "bootstrap_idle", "unexpected_answer");
  if (moved) db.setMeta(BOOTSTRAP_META.stalls, null);
  else if (silent) db.setMeta(BOOTSTRAP_META.stalls, String(stallsOf(engine) + 1));
  const stalls = stallsOf(engine);
  world.log.warn("the first copy was interrupted and goes on where it was", {
    reason: messageOf(error),
    stallCycles: stalls,
    stallLimit: config.bootstrapStallCyclesMax,
  });
  tell(engine, stalls >= config.bootstrapStallCyclesMax ? "stalled" : "interrupted", messageOf(error));
}

/** The clock of one attempt: the hard limit, if any, and the watchdog. */
function startWatch(engine: Engine, stop: AbortSignal) {
  const { clock } = engine.world;
  const { bootstrapTimeoutMs: hardMs, bootstrapIdleTimeoutMs: idleMs } = engine.config;
  const startedMs = clock.monotonicMs();
  let lastMs = startedMs;
  let ended: RelayfileError | null = null;
  let cancel = () => {};
  const ending = new AbortController();
  const onStop = () => ending.abort(stop.reason);
  if (stop.aborted) onStop();
  stop.addEventListener("abort", onStop, { once: true });
  const end = (message: string, limitMs: number) => {
    ended = new RelayfileError("bootstrap_idle", message, { limitMs });
    ending.abort(ended);
  };
  const look = () => {
    const now = clock.monotonicMs();
    if (hardMs > 0 && now - startedMs >= hardMs)
      return end(`the first copy was ended after ${hardMs} ms, as asked for`, hardMs);
    if (now - lastMs >= idleMs) return end(`the first copy made no progress for ${idleMs} ms`, idleMs);
    const untilHard = hardMs > 0 ? startedMs + hardMs - now : Number.POSITIVE_INFINITY;
    const pauseMs = Math.min(LOOK_MS.most, idleMs / 3, lastMs + idleMs - now, untilHard);
    cancel = clock.after(Math.max(pauseMs, LOOK_MS.least), look);
  };
  look();
  const tick = () => {
    lastMs = clock.monotonicMs();
  };
  return {
    ended: () => ended,
    close() {
      cancel();
      stop.removeEventListener("abort", onStop);
    },
    attempt: {
      signal: ending.signal,
      tick,
      report(files: number, total: number | null, bytes = 0) {
        tick();
        const before = engine.health.bootstrap;
        if (before === null) return;
        engine.health.bootstrap = {
          ...before,
          filesSynced: files,
          filesTotal: total,
          bytes: before.bytes + bytes,
        };
        tell(engine, "progress");
      },
    },
  };
}

function begin(engine: Engine): void {
  const files = filesBefore(engine);
  engine.health.bootstrap = {
    phase: "bootstrapping",
    filesSynced: files,
    filesBefore: files,
    filesTotal: null,
    bytes: 0,
    startedAtMs: engine.now(),
    startedMonotonicMs: engine.world.clock.monotonicMs(),
    stallCycles: stallsOf(engine),
    reason: null,
  };
  tell(engine, "started");
}

function tell(engine: Engine, phase: BootstrapNews["phase"], reason?: string): void {
  const { health, config } = engine;
  if (phase === "stalled") {
    if (health.bootstrap === null) begin(engine);
    health.bootstrap = health.bootstrap && {
      ...health.bootstrap,
      phase: "stalled",
      stallCycles: stallsOf(engine),
      reason: reason ?? null,
    };
  }
  engine.wake.state.call();
  const { bootstrap } = health;
  if (bootstrap === null) return;
  engine.news.bootstrap({
    phase,
    files: bootstrap.filesSynced,
    filesBefore: bootstrap.filesBefore,
    total: bootstrap.filesTotal,
    bytes: bootstrap.bytes,
    elapsedMs: engine.world.clock.monotonicMs() - bootstrap.startedMonotonicMs,
    ...(reason === undefined ? {} : { reason }),
  });
  if (phase === "stalled") {
    engine.world.log.error("the first copy was given up", {
      stallCycles: bootstrap.stallCycles,
      stallLimit: config.bootstrapStallCyclesMax,
    });
  }
}

/** The line a person sees while it runs. */
export function newsText(news: BootstrapNews): string {
  return `first copy: ${paceText(news)}`;
}

/** Where an earlier attempt was, with how many files it had placed. */
export interface BootstrapPlace {
  /** Cursor of the next listing page, or path behind which an export goes on. */
  readonly cursor?: string;
  readonly after?: string;
  readonly files: number;
}

/** The stored place; null when there is none, or when it is damaged, which costs a second look and nothing else. */
export function readPlace(engine: Engine): BootstrapPlace | null {
  const text = engine.db.meta(BOOTSTRAP_META.place);
  if (text === null) return null;
  try {
    const { cursor, after, files } = JSON.parse(text) as Record<string, unknown>;
    const place = typeof after === "string" ? { after } : typeof cursor === "string" ? { cursor } : null;
    return place === null ? null : { ...place, files: Number(files) || 0 };
  } catch {
    // Nothing that is remembered here is needed for anything but speed.
    return null;
  }
}

/** Remembers the place. Call inside the transaction that remembers the files up to it, or after it. */
export function savePlace(engine: Engine, place: BootstrapPlace): void {
  engine.db.setMeta(BOOTSTRAP_META.place, JSON.stringify(place));
}

function filesBefore(engine: Engine): number {
  return readPlace(engine)?.files ?? 0;
}

function placeOf(engine: Engine): string {
  return `${engine.db.meta(BOOTSTRAP_META.place)} ${engine.db.entries.size}`;
}

function stallsOf(engine: Engine): number {
  return Number(engine.db.meta(BOOTSTRAP_META.stalls) ?? "0") || 0;
}
