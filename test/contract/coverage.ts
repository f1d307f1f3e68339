/** The route coverage gate (S29): which routes no contract test names, and which tests name routes that do not exist. */

/** A route as its table declares it. */
export interface RouteName {
  readonly method: string;
  readonly pattern: string;
}

/** Where tables and tests disagree; both empty when they agree. */
export interface Coverage {
  readonly untested: readonly string[];
  readonly unknown: readonly string[];
}

const ROUTE = /\b(GET|PUT|POST|DELETE) ([a-z][\w./:-]*)/g;
/** `GET a, b and c` names three routes of one method. */
const FURTHER = /(?:, | and )((?:[a-z][\w-]*\/)[\w./:-]+)/g;

/** Compares the routes of the tables with the titles of tests, found in the sources of the suites. */
export function routeCoverage(routes: readonly RouteName[], sources: readonly string[]): Coverage {
  const declared = new Set(routes.map(({ method, pattern }) => `${method} ${pattern}`));
  const named = new Set(sources.flatMap(titlesOf).flatMap(routesOf));
  return {
    untested: [...declared].filter((route) => !named.has(route)).sort(),
    unknown: [...named].filter((route) => !declared.has(route)).sort(),
  };
}

function titlesOf(source: string): string[] {
  return [...source.matchAll(/\btest\(\s*(["'`])((?:(?!\1)[\s\S])*)\1/g)].map((match) => match[2] ?? "");
}

function routesOf(title: string): string[] {
  return [...title.matchAll(ROUTE)].flatMap((match) => {
    const [whole, method = "", pattern = ""] = match;
    const end = (match.index ?? 0) + whole.length;
    const next = title.slice(end).search(/\b(?:GET|PUT|POST|DELETE) /);
    const tail = title.slice(end, next === -1 ? undefined : end + next);
    const further = [...tail.matchAll(FURTHER)].map((one) => one[1] ?? "");
    return [pattern, ...further].map((one) => `${method} ${one.replace(/[.,:]+$/, "")}`);
  });
}
