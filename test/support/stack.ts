/** A real stack in a temporary directory, for tests. */
import type { Ports } from "../../lib/ports.ts";
import { bunPorts } from "../../lib/runtime/bun/ports.ts";
import { type Stack, type StackOptions, startStack } from "../../lib/runtime/bun/stack.ts";
import { tempDir } from "./temp-dir.ts";

/** A stack that removes its directory when it stops. */
export type TestStack = Stack & AsyncDisposable;

/** Starts a stack. No environment of the process reaches it; anything may be replaced. */
export async function testStack(
  options: Partial<StackOptions> & { portsWith?: Partial<Ports> } = {},
): Promise<TestStack> {
  const dir = tempDir("relayfile-stack-");
  const { portsWith, ...rest } = options;
  const ports = { ...bunPorts({ env: {} }), ...portsWith };
  const stack = await startStack({ dataDir: dir.join("data"), ports, ...rest });
  const stop = async () => {
    await stack.stop();
    dir.remove();
  };
  return { ...stack, stop, [Symbol.asyncDispose]: stop };
}
