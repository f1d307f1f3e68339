/** Every fault of the lab, family by family. */
import clock from "./clock.faults.ts";
import cloud from "./cloud.faults.ts";
import credentials from "./credentials.faults.ts";
import digest from "./digest.faults.ts";
import digestWriter from "./digest-writer.faults.ts";
import discovery from "./discovery.faults.ts";
import type { Fault } from "./fault.ts";
import inbound from "./inbound.faults.ts";
import { type Pair, pairsOf } from "./judge.ts";
import mount from "./mount.faults.ts";
import mountDaemon from "./mount-daemon.faults.ts";
import records from "./records.faults.ts";
import services from "./services.faults.ts";
import settled from "./settled.faults.ts";
import tokens from "./tokens.faults.ts";
import tree from "./tree.faults.ts";
import writeProbe from "./write-probe.faults.ts";
import writeback from "./writeback.faults.ts";

/** All faults. */
export const FAULTS: readonly Fault[] = [
  ...services,
  ...tokens,
  ...credentials,
  ...clock,
  ...cloud,
  ...inbound,
  ...discovery,
  ...tree,
  ...records,
  ...digest,
  ...digestWriter,
  ...writeback,
  ...settled,
  ...writeProbe,
  ...mount,
  ...mountDaemon,
];

const PAIRS_WANTED = 72;

/** Two for every two families that can meet. */
export const PAIRS: readonly Pair[] = pairsOf(FAULTS, PAIRS_WANTED);
