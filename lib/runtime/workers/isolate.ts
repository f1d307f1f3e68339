/** What everything in one isolate shares. */
import { Metrics } from "../../service/metrics.ts";

/** Requests this isolate answered. The platform runs many isolates, so these are never sums over a deployment. */
export const METRICS = new Metrics();

/** The name of the one control plane object. */
export const CONTROL_PLANE_NAME = "control";
