/** Scopes as a client looks at them: to tell what a token lacks, never to decide about access. */

/** True when a bare scope is granted as such or in its structured form. */
export function isGranted(scope: string, granted: readonly string[]): boolean {
  const [resource, action] = scope.split(":");
  return granted.some((one) => {
    if (one === scope) return true;
    const [plane, ownResource, ownAction, path] = one.split(":");
    const planeFits = plane === "relayfile" || plane === "*";
    const fits = (own: string | undefined, asked: string | undefined) => own === "*" || own === asked;
    const actionFits =
      fits(ownAction, action) || (ownAction === "manage" && (action === "read" || action === "write"));
    return (
      planeFits &&
      fits(ownResource, resource) &&
      actionFits &&
      (path === undefined || path === "*" || path === "/**")
    );
  });
}
