/**
 * How a deployment behaves where its behaviour changed over time. `serve --emulate 2026-05` sets every switch, so that
 * the incidents of that month happen by their real mechanism.
 */

/** One switch: today's behaviour or that of May 2026. */
export type EraSwitch = "current" | "2026-05";

/** Behaviour switches of the embedded services. */
export interface Era {
  /** Where schemas come from: authored first, or inferred only. */
  readonly discovery: EraSwitch;
  /** How refresh finds records to sample: `canonicalPath` first, or by row id through by-id and by-uuid only. */
  readonly sampler: EraSwitch;
  /** How index rows and aliases are emitted: rows with `canonicalPath` and matching keys, or row ids that may differ from alias keys. */
  readonly emission: EraSwitch;
  /** Which paths the digest leaves out: every `by-*` segment, or the enumerated list without by-project and by-team. */
  readonly digestFilter: EraSwitch;
  /** Which canonical paths have a writeback route: all declared ones, or without `<slug>__<id>` edits. */
  readonly routes: EraSwitch;
}

/** Today's behaviour. */
export const CURRENT_ERA: Era = {
  discovery: "current",
  sampler: "current",
  emission: "current",
  digestFilter: "current",
  routes: "current",
};

/** The behaviour of May 2026. */
export const MAY_2026_ERA: Era = {
  discovery: "2026-05",
  sampler: "2026-05",
  emission: "2026-05",
  digestFilter: "2026-05",
  routes: "2026-05",
};

/**
 * The version a service tells in an era. One that behaves like an older deployment on purpose says so, and is then no
 * proof that anything came back.
 */
export function versionInEra(version: string, era: Era): string {
  const emulates = Object.values(era).some((value) => value !== "current");
  return emulates ? `${version}+emulates-2026-05` : version;
}
