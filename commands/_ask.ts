/** Asking a mount to do something: the running daemon when there is one, else the same engine in this process. */

import type { ServiceTarget } from "../lib/client/http.ts";
import { openSession } from "../lib/client/session.ts";
import { readClaims } from "../lib/model/token.ts";
import { mountConfig } from "../lib/mount/config.ts";
import { askDaemon, type ControlRequest } from "../lib/mount/control.ts";
import { CONFIRMED_KEY, restoreDeletes } from "../lib/mount/deletes.ts";
import { dropDeadLetter } from "../lib/mount/drop.ts";
import { runningDaemon } from "../lib/mount/lock.ts";
import { settle } from "../lib/mount/once.ts";
import { openMount } from "../lib/mount/open.ts";
import { writePublicState } from "../lib/mount/public-state.ts";
import { pullOnce } from "../lib/mount/pull.ts";
import { newPushLane, pushDue } from "../lib/mount/push.ts";
import { pollReceipts } from "../lib/mount/receipts.ts";
import { resolveConflict } from "../lib/mount/resolve.ts";
import { retryDeadLetter } from "../lib/mount/retry.ts";
import { skipStuck } from "../lib/mount/skip-stuck.ts";
import type { CommandContext } from "./_command.ts";
import {
  type LocalMirror,
  mountWorld,
  privateStateOf,
  requireMirror,
  stateOf,
  statePlaceOf,
} from "./_mount.ts";

const WAIT_MS = 75_000;

/** Sends one request to a mount and returns its answer; fails with the mount's own error. */
export async function askMount(
  mirror: LocalMirror,
  request: ControlRequest,
  context: CommandContext,
): Promise<unknown> {
  const { dir } = requireMirror(mirror);
  const world = await mountWorld(context);
  const { host } = context.ports;
  const session = openSession(withWorkspace(mirror), context.ports, context.signal);
  const running = runningDaemon(world, dir);
  const remoteRoot = stateOf(mirror)?.remoteRoot ?? "/";
  const identity = {
    workspaceId: mirror.workspaceId ?? "",
    localRoot: dir,
    remoteRoot,
    ...statePlaceOf(mirror, context),
    scopes: null,
  };
  if (running !== null) {
    const { dir: stateDir } = privateStateOf(mirror, context, world.sha256);
    return askDaemon(world, `${stateDir}/control`, request, {
      timeoutMs: context.globals.timeoutMs ?? WAIT_MS,
      signal: context.signal,
    });
  }
  const target: ServiceTarget = await session.fileTarget();
  const token = await target.token();
  const config = mountConfig(
    {
      ...identity,
      server: target.baseUrl,
      scopes: token === null ? null : (readClaims(token)?.scopes ?? null),
    },
    {},
    host.env,
    context.ports.log,
  );
  const opened = openMount(world, config, target);
  try {
    const { engine } = opened;
    const lanes = { push: newPushLane(), receipts: new Map(), deletes: new Map() };
    const answer = await carryOut();
    writePublicState(engine, { pid: host.pid, running: false });
    return answer;

    async function carryOut(): Promise<unknown> {
      switch (request.kind) {
        case "retry":
          return retryDeadLetter(engine, request.opId, {
            timeoutMs: context.globals.timeoutMs ?? WAIT_MS,
            signal: context.signal,
            step: async () => {
              await pushDue(engine, lanes.push, context.signal);
              await pollReceipts(engine, lanes.receipts, context.signal);
            },
          });
        case "drop":
          return dropDeadLetter(engine, request.opId);
        case "resume":
          if (request.deletes === "restore") {
            const restored = restoreDeletes(engine);
            await settle(engine, lanes, context.signal);
            return { restored };
          }
          engine.db.setMeta(CONFIRMED_KEY, "1");
          await settle(engine, lanes, context.signal);
          return { confirmed: true };
        case "skip-stuck":
          await pullOnce(engine, context.signal);
          return skipStuck(engine, request.max, context.signal);
        case "resolve": {
          const resolution = resolveConflict(engine, request.path, request.keep);
          await settle(engine, lanes, context.signal);
          return resolution;
        }
      }
    }
  } finally {
    opened.close();
  }
}

/** The target with the workspace that the mirror itself names. */
function withWorkspace(mirror: LocalMirror): LocalMirror["target"] {
  const { target, workspaceId } = mirror;
  if (workspaceId === null || target.workspace?.id === workspaceId) return target;
  return { ...target, workspace: { id: workspaceId, cloudId: null, name: null } };
}
