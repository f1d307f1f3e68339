/**
 * The symptom catalogue as data, for `explain symptom:N`. Numbers are those of the control plane specification, section
 * 7.3; rows about other products have a page and no check.
 */
import type { Symptom } from "./_row.ts";
import { CLOUD_SYMPTOMS } from "./cloud.ts";
import { MIRROR_SYMPTOMS } from "./mirror.ts";
import { SIGNING_IN_SYMPTOMS } from "./signing-in.ts";

export type { Symptom } from "./_row.ts";

/** Every symptom, in order. */
export const SYMPTOMS: readonly Symptom[] = [...SIGNING_IN_SYMPTOMS, ...CLOUD_SYMPTOMS, ...MIRROR_SYMPTOMS];
