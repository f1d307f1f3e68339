/** The one module of the platform that is imported by name. */
declare module "cloudflare:workers" {
  /** Base of objects whose public methods are callable through their stubs. */
  export abstract class DurableObject<Bindings> {
    protected readonly ctx: import("./types.ts").ObjectState;
    protected readonly env: Bindings;
    constructor(ctx: import("./types.ts").ObjectState, env: Bindings);
  }
}
