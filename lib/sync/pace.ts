/** How far a first copy is and how long it will take: arithmetic and words, for people and for programs. */

/** A first copy under way. Times in ms. */
export interface Pace {
  /** Files in place, those of earlier attempts included. */
  readonly files: number;
  /** Files in place when this attempt began. */
  readonly filesBefore: number;
  /** Null while nobody told. */
  readonly total: number | null;
  /** Bytes received in this attempt. */
  readonly bytes: number;
  readonly elapsedMs: number;
}

/** Below this, a rate says nothing. */
const RATE_FROM_MS = 200;

/** Files per second of this attempt; null until it means something. */
export function filesPerSecond(pace: Pace): number | null {
  const files = pace.files - pace.filesBefore;
  return pace.elapsedMs < RATE_FROM_MS || files <= 0 ? null : (files / pace.elapsedMs) * 1_000;
}

/** Seconds until everything is in place at the rate so far; null while rate or total are unknown. */
export function secondsLeft(pace: Pace): number | null {
  const rate = filesPerSecond(pace);
  if (rate === null || pace.total === null) return null;
  return Math.max(0, Math.ceil((pace.total - pace.files) / rate));
}

/** One line for a person: `3,412 of 10,000 files, 6.8 MiB, 5,120 files/s, 2 s left`. */
export function paceText(pace: Pace): string {
  const [rate, left] = [filesPerSecond(pace), secondsLeft(pace)];
  const total = pace.total === null ? "" : ` of ${grouped(pace.total)}`;
  return [
    `${grouped(pace.files)}${total} files`,
    `${(pace.bytes / 1_048_576).toFixed(1)} MiB`,
    ...(rate === null ? [] : [`${grouped(Math.round(rate))} files/s`]),
    ...(left === null ? [] : [`${duration(left)} left`]),
  ].join(", ");
}

function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

function duration(seconds: number): string {
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
