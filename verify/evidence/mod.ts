/** Every collector, in the order `--plan` lists them. */
import type { EvidenceSpec } from "../evidence.ts";
import writeProbe from "../write/probe.ts";
import { access, clock, cloudIdentity, sync } from "./access.ts";
import credentials from "./credentials.ts";
import digests from "./digests.ts";
import discovery from "./discovery.ts";
import { events, ingress, writtenPlaces } from "./history.ts";
import { credentialArea, issuerKeys, resolved } from "./identity.ts";
import { integrations, refresh } from "./integrations.ts";
import join from "./join.ts";
import mirror from "./mirror.ts";
import { deadLetters, mount } from "./mount.ts";
import mountArea from "./mount-area.ts";
import ops from "./ops.ts";
import records from "./records.ts";
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
  resolved,
  credentialArea,
  join,
  access,
  issuerKeys,
  sync,
  ingress,
  events,
  integrations,
  refresh,
  discovery,
  records,
  digests,
  ops,
  writtenPlaces,
  mount,
  deadLetters,
  mountArea,
  mirror,
  writeProbe,
] as unknown as readonly EvidenceSpec[];
