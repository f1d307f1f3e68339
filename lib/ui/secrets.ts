/** Keeps secrets out of what the front door prints on failure and into the log, whatever put them there. */
import { createRedactor, isSecretKey, type Redactor } from "../model/redact.ts";
import type { Env } from "../ports.ts";

/** A redactor that knows the values of secret-like environment variables besides the usual shapes. */
export function redactorOf(env: Env): Redactor {
  const redactor = createRedactor();
  for (const [name, value] of Object.entries(env)) {
    if (isSecretKey(name)) redactor.learn(value, "env");
  }
  return redactor;
}
