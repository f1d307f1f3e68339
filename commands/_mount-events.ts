/** `mount --events`: what a mount does, one JSON object per line, until it ends. */
import { z } from "zod";
import type { Engine } from "../lib/mount/engine.ts";
import { filesPerSecond, secondsLeft } from "../lib/sync/pace.ts";
import type { CommandContext, Document } from "./_command.ts";

const head = { v: z.literal(1), seq: z.int().min(1), at: z.string() };

/** One line of the stream. */
export const MountEventSchema = z.discriminatedUnion("type", [
  z.object({ ...head, type: z.literal("ready"), workspaceId: z.string(), localDir: z.string() }).loose(),
  z.object({
    ...head,
    type: z.literal("bootstrap"),
    phase: z.enum(["started", "progress", "complete", "interrupted", "stalled"]),
    files: z.int(),
    total: z.int().nullable(),
    bytes: z.int(),
    elapsedMs: z.number(),
    filesPerSecond: z.number().nullable(),
    secondsLeft: z.number().nullable(),
    reason: z.string().optional(),
  }),
  z.object({ ...head, type: z.literal("verdict"), verdict: z.string(), reason: z.string() }),
  z.object({
    ...head,
    type: z.literal("path"),
    what: z.enum(["placed", "removed", "sent", "deleted", "conflict", "refused"]),
    path: z.string(),
    revision: z.string().optional(),
    artifact: z.string().optional(),
    opId: z.string().optional(),
  }),
  z.object({ ...head, type: z.literal("stopped"), workspaceId: z.string(), localDir: z.string() }).loose(),
]);

/** The stream of one mount; news of the engine go into it by themselves. */
export interface EventStream {
  ready(document: Document): void;
  stopped(document: Document): void;
}

/** Progress of the first copy is told at most this often. */
const PROGRESS_EVERY_MS = 200;

/** Begins to tell. */
export function mountEvents(engine: Engine, context: CommandContext): EventStream {
  const { clock } = context.ports;
  let seq = 0;
  let said = "";
  let progressMs = Number.NEGATIVE_INFINITY;
  const tell = (type: string, fields: object) => {
    const line = { v: 1, seq: ++seq, at: new Date(clock.now()).toISOString(), type, ...fields };
    context.write(`${JSON.stringify(line)}\n`);
  };
  Object.assign(engine.news, {
    bootstrap(news) {
      const { phase, files, total, bytes, elapsedMs, reason } = news;
      if (phase === "progress" && clock.monotonicMs() - progressMs < PROGRESS_EVERY_MS) return;
      progressMs = clock.monotonicMs();
      const rate = filesPerSecond(news);
      tell("bootstrap", {
        phase,
        files,
        total,
        bytes,
        elapsedMs: Math.round(elapsedMs),
        filesPerSecond: rate === null ? null : Math.round(rate),
        secondsLeft: secondsLeft(news),
        ...(reason === undefined ? {} : { reason }),
      });
    },
    path: (news) => tell("path", news),
    verdict(verdict, reason) {
      if (said === `${verdict} ${reason}`) return;
      said = `${verdict} ${reason}`;
      tell("verdict", { verdict, reason });
    },
  } satisfies Engine["news"]);
  const facts = ({ schemaVersion: _version, kind: _kind, ...rest }: Document) => rest;
  return {
    ready: (document) => tell("ready", facts(document)),
    stopped: (document) => tell("stopped", facts(document)),
  };
}
