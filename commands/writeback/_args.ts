/** Arguments shared by the writeback commands. */
import type { ArgSpecs } from "../_command.ts";
import { MIRROR_ARGS } from "../_mount.ts";

/** The workspace as a positional, and the flags that find its mirror. */
export const WRITEBACK_ARGS = {
  ws: { type: "positional", valueHint: "WS", description: "Workspace; may be left out when one is current" },
  ...MIRROR_ARGS,
} as const satisfies ArgSpecs;

/** The op id, in both spellings people use. */
export const OP_ARGS = {
  "op-id": {
    type: "string",
    alias: ["opId"],
    required: true,
    valueHint: "OP",
    description: "Id of the dead letter",
  },
} as const satisfies ArgSpecs;
