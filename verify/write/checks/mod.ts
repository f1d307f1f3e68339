/** The checks of write probes, in reading order. */
import type { Check } from "../../check.ts";
import { deleteRemoves, probeCleanedUp, writesNeedRevision } from "./ended.ts";
import { editShows, providerShowsWrite, recordAppears, repeatCreatesNothing } from "./seen.ts";
import { probePrepared, writeAccepted, writeArrives } from "./sent.ts";

/** Checks that need consent: `--allow-write`. */
export const WRITE_CHECKS: readonly Check[] = [
  probePrepared,
  writesNeedRevision,
  writeAccepted,
  writeArrives,
  recordAppears,
  repeatCreatesNothing,
  editShows,
  providerShowsWrite,
  deleteRemoves,
  probeCleanedUp,
];
