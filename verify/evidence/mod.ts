/** Every collector, in the order `--plan` lists them. */
import type { EvidenceSpec } from "../evidence.ts";
import writeProbe from "../write/probe.ts";
import { access, clock, cloudIdentity, sync } from "./access.ts";
import credentials from "./credentials.ts";
import digests from "./digests.ts";
import discovery from "./discovery.ts";
import { integrations, refresh } from "./integrations.ts";
import join from "./join.ts";
import { deadLetters, mount } from "./mount.ts";
import ops from "./ops.ts";
import { controlPlane, fileApi } from "./services.ts";
import target from "./target.ts";

/** All collectors. */
export const COLLECTORS = [
  target,
  credentials,
  fileApi,
  controlPlane,
  clock,
  cloudIdentity,
  join,
  access,
  sync,
  integrations,
  refresh,
  discovery,
  digests,
  ops,
  mount,
  deadLetters,
  writeProbe,
] as unknown as readonly EvidenceSpec[];
