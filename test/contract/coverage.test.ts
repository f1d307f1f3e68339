import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { CONTROL_PLANE_ROUTES } from "../../lib/service/control-plane/mod.ts";
import { ADMIN_ROUTES } from "../../lib/service/file-api/admin.ts";
import { FILE_API_ROUTES } from "../../lib/service/file-api/mod.ts";
import { routeCoverage } from "./coverage.ts";

describe("routeCoverage()", () => {
  test("every route has a contract test that names it, and every named route exists (S29)", () => {
    const routes = [
      ...FILE_API_ROUTES,
      ...CONTROL_PLANE_ROUTES,
      ...ADMIN_ROUTES.map(({ method, pattern }) => ({ method, pattern: `admin/${pattern}` })),
      { method: "POST", pattern: "v1/workspaces" },
      { method: "GET", pattern: "fs/ws" },
      { method: "GET", pattern: "health" },
      { method: "GET", pattern: "metrics" },
    ];
    const sources = readdirSync(import.meta.dir)
      .filter((name) => name.endsWith(".contract.ts"))
      .map((name) => readFileSync(`${import.meta.dir}/${name}`, "utf8"));
    expect(routeCoverage(routes, sources)).toEqual({ untested: [], unknown: [] });
  });

  test("is red for a route without a test and for a test without a route", () => {
    const routes = [
      { method: "GET", pattern: "a/:id" },
      { method: "POST", pattern: "b" },
      { method: "POST", pattern: "c/d" },
    ];
    const source = 'test("GET a/:id, and works", () => {}); test(\n"POST c/d and e/f do", () => {});';
    expect(routeCoverage(routes, [source])).toEqual({ untested: ["POST b"], unknown: ["POST e/f"] });
  });
});
