/** By finding code: evidence in which it occurs. */
import type { DottedId } from "../../../verify/check.ts";
import type { Facts } from "../../../verify/facts.ts";
import { DIGEST } from "./digest.ts";
import { DISCOVERY } from "./discovery.ts";
import { DOCTOR } from "./doctor.ts";
import { WRITEBACK } from "./writeback.ts";

/** Every literal there is. */
export const OCCURRENCES: Readonly<Record<DottedId, Partial<Facts>>> = {
  ...DOCTOR,
  ...DISCOVERY,
  ...DIGEST,
  ...WRITEBACK,
};
