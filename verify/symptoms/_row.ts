/** One row of the symptom catalogue. */

/** What people see, why, and what tells it from its look-alikes. */
export interface Symptom {
  readonly id: `symptom:${number}`;
  readonly symptom: string;
  readonly cause: string;
  /** The evidence that separates it from what looks alike. */
  readonly evidence: string;
  readonly fix: string;
}

/** A row as the catalogue lists it: number, symptom, cause, evidence, fix. */
export function row(n: number, symptom: string, cause: string, evidence: string, fix: string): Symptom {
  return { id: `symptom:${n}`, symptom, cause, evidence, fix };
}
