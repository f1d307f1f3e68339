/** Names of files that ask a provider to create something; their identity is their content (spec mount-daemon 3.1). */
import { basenameOf } from "../model/path.ts";

const UUID_DRAFT = /^.+ [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\.json$/i;

/** True for `<name> <uuid>.json` and `factory-create-*.json`. */
export function isDraftPath(path: string): boolean {
  const name = basenameOf(path);
  return UUID_DRAFT.test(name) || /^factory-create-.*\.json$/.test(name);
}
