/** The contract suites on Workers: the deployed entry in real workerd, every suite with a workspace of its own. */
import { afterAll } from "bun:test";
import { type TestWorker, testWorker } from "../support/worker.ts";
import { testAccess } from "./access.contract.ts";
import { testControlPlane } from "./control-plane.contract.ts";
import { testFeed } from "./feed.contract.ts";
import { testFileApi } from "./file-api.contract.ts";
import { testIngress } from "./ingress.contract.ts";
import { testTransfer } from "./transfer.contract.ts";

let started: Promise<TestWorker> | null = null;
const target = async () => {
  started ??= testWorker();
  return (await started).target();
};
afterAll(async () => (await started)?.stop());

testFileApi("in workerd", target);
testAccess("in workerd", target);
testFeed("in workerd", target);
testTransfer("in workerd", target);
testControlPlane("in workerd", target);
testIngress("in workerd", target);
