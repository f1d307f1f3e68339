import { describe, expect, test } from "bun:test";
import { fileApi } from "../../../lib/client/file-api.ts";
import { explainWrongService, identifyService } from "../../../lib/client/which-service.ts";
import type { Fetch } from "../../../lib/ports.ts";
import { bunRandom } from "../../../lib/runtime/bun/random.ts";
import { html, json } from "../../support/client-world.ts";

/** One loopback stack as design decision 2 lays it out. */
const STACK: Fetch = async (request) => {
  const url = new URL(request.url);
  if (url.host === "down:1") throw new TypeError("refused");
  if (url.host !== "stack:1") return html();
  if (url.pathname === "/health") return json({ status: "ok" });
  if (url.pathname === "/cloud/api/v1/integrations/catalog") return json({ providers: [] });
  return url.pathname.startsWith("/cloud")
    ? html()
    : json({ code: "not_found", message: "route not found" }, 404);
};

describe("identifyService()", () => {
  test.each([
    ["http://stack:1", "file-api"],
    ["http://stack:1/cloud", "control-plane"],
    ["http://stack:1/cloud/", "control-plane"],
    ["http://web:1", "other"],
    ["http://down:1", "unreachable"],
  ])("tells that %s is %s", async (url, service) => {
    expect(await identifyService(url, STACK)).toBe(service as "other");
  });
});

describe("explainWrongService()", () => {
  const sources = { fileApiUrl: "--file-api", controlPlaneUrl: "env CLOUD_API_URL" };
  const failing = async (baseUrl: string) => {
    const target = {
      service: "file-api",
      baseUrl,
      token: () => null,
      fetch: STACK,
      random: bunRandom(),
    } as const;
    return fileApi(target, "w")
      .tree({})
      .catch((thrown: unknown) => thrown);
  };

  test("names the other service and the URL that was meant", async () => {
    const urls = { fileApiUrl: "http://stack:1/cloud", controlPlaneUrl: "http://stack:1/cloud", sources };
    expect(await explainWrongService(await failing("http://stack:1/cloud"), urls, STACK)).toMatchObject({
      code: "wrong_service",
      message: "http://stack:1/cloud (--file-api) is the control plane, not the file API",
      hint: "Use --file-api http://stack:1",
    });
  });

  test("swapped URLs are recognised through each other", async () => {
    const thrown = await failing("http://stack:1/cloud");
    const urls = { fileApiUrl: "http://stack:1/cloud", controlPlaneUrl: "http://stack:1", sources };
    expect(await explainWrongService(thrown, urls, STACK)).toMatchObject({
      hint: "Use --file-api http://stack:1",
    });
  });

  test("some web site is neither", async () => {
    const urls = { fileApiUrl: "http://web:1", controlPlaneUrl: "http://web:1/cloud", sources };
    expect(await explainWrongService(await failing("http://web:1"), urls, STACK)).toMatchObject({
      code: "wrong_service",
      message: "http://web:1 (--file-api) is not the file API",
      hint: "Give --file-api the base URL of the file API",
    });
  });

  test("leaves failures of the right service alone, and asks nobody about them", async () => {
    const asked: string[] = [];
    const watching: Fetch = async (request) => {
      asked.push(request.url);
      return STACK(request);
    };
    const down = await failing("http://down:1");
    const urls = { fileApiUrl: "http://stack:1", controlPlaneUrl: "http://stack:1/cloud", sources };
    expect(await explainWrongService(down, urls, watching)).toBe(down);
    const other = new Error("x");
    expect(await explainWrongService(other, urls, watching)).toBe(other);
    expect(asked).toEqual([]);
  });

  test("an unknown route of the right service stays what it is", async () => {
    const thrown = await failing("http://stack:1");
    const urls = { fileApiUrl: "http://stack:1", controlPlaneUrl: "http://stack:1/cloud", sources };
    expect(await explainWrongService(thrown, urls, STACK)).toBe(thrown);
  });
});
