/** The contract suites on Bun: the core without a socket, and the same over one. */
import { testStack } from "../support/stack.ts";
import { testAccess } from "./access.contract.ts";
import { testControlPlane } from "./control-plane.contract.ts";
import { testFeed } from "./feed.contract.ts";
import { testFileApi } from "./file-api.contract.ts";
import { testIngress } from "./ingress.contract.ts";
import type { ContractTarget } from "./target.ts";
import { testTransfer } from "./transfer.contract.ts";

async function target(overSocket: boolean): Promise<ContractTarget> {
  const stack = await testStack();
  const { fileApiUrl, controlPlaneUrl, workspaceId } = stack;
  return {
    fileApiUrl,
    controlPlaneUrl,
    workspaceId,
    fetch: overSocket ? (request) => fetch(request) : (request) => stack.fetch(request),
    token: (scopes, options) => stack.mint(scopes, options),
    cloud: () => stack.cloudSession(),
    stop: () => stack.stop(),
  };
}

for (const [name, overSocket] of [
  ["in memory", false],
  ["over a socket", true],
] as const) {
  testFileApi(name, () => target(overSocket));
  testAccess(name, () => target(overSocket));
  testTransfer(name, () => target(overSocket));
  testControlPlane(name, () => target(overSocket));
  testIngress(name, () => target(overSocket));
}
testFeed("over a socket", () => target(true));
