/** The few types of the Workers platform that this runtime uses, so that no package of types has to agree with Bun's. */

/** Bindings of `wrangler.jsonc`, variables and secrets. Absent variables are undefined. */
export interface Bindings {
  /** One object per workspace, named by its `rw_` id. */
  readonly WORKSPACES: ObjectNamespace<WorkspaceStub>;
  /** One object, named `control`. */
  readonly CONTROL_PLANE: ObjectNamespace<ControlPlaneStub>;
  /** Large bodies. */
  readonly BODIES: Bucket;
  readonly [variable: string]: unknown;
}

/** Finds objects by name; asking creates nothing until the object writes. */
export interface ObjectNamespace<Stub> {
  idFromName(name: string): ObjectId;
  get(id: ObjectId): Stub;
}

/** The id of an object. */
export interface ObjectId {
  toString(): string;
}

/** What any object answers. */
export interface ObjectStub {
  fetch(request: Request): Promise<Response>;
}

/** A workspace, called from elsewhere. */
export interface WorkspaceStub extends ObjectStub {
  manage(workspaceId: string, method: string, args: readonly unknown[]): Promise<Outcome>;
  destroy(workspaceId: string): Promise<void>;
}

/** The control plane, called from elsewhere. */
export interface ControlPlaneStub extends ObjectStub {
  publishedKeys(): Promise<readonly PublishedKey[]>;
  exists(workspaceId: string): Promise<boolean>;
}

/** A public key as published. */
export type PublishedKey = Readonly<Record<string, unknown>>;

/** A result or an expected failure as plain values: errors lose their fields on the way between objects. */
export type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | {
      readonly ok: false;
      readonly code: string;
      readonly message: string;
      readonly details: Readonly<Record<string, unknown>>;
    };

/** What an object is given. */
export interface ObjectState {
  readonly storage: ObjectStorage;
  /** Runs `work` while every other event waits. A throw resets the object. */
  blockConcurrencyWhile<T>(work: () => Promise<T>): Promise<T>;
  /** Gives a socket to the platform, which wakes the object for its messages. */
  acceptWebSocket(socket: PlatformSocket, tags?: readonly string[]): void;
  /** Lets the platform answer one exact frame by itself, without waking the object. */
  setWebSocketAutoResponse(pair: unknown): void;
  /** Sockets that are open, those from before a sleep included. */
  getWebSockets(tag?: string): PlatformSocket[];
}

/** Storage of one object: SQLite, a few values by key, one alarm. */
export interface ObjectStorage {
  readonly sql: { exec(query: string, ...bindings: unknown[]): SqlCursor };
  transactionSync<T>(work: () => T): T;
  get<T>(key: string): Promise<T | undefined>;
  put(key: string, value: unknown): Promise<void>;
  getAlarm(): Promise<number | null>;
  setAlarm(atMs: number): Promise<void>;
  deleteAlarm(): Promise<void>;
  deleteAll(): Promise<void>;
}

/** Rows of a statement. Blobs are `ArrayBuffer`s. */
export interface SqlCursor {
  toArray(): Record<string, string | number | ArrayBuffer | null>[];
}

/** The server's end of a WebSocket. */
export interface PlatformSocket {
  send(text: string): void;
  close(code?: number, reason?: string): void;
  /** Keeps up to 16 KiB with the socket while the object sleeps. Throws when it is more. */
  serializeAttachment(value: unknown): void;
  deserializeAttachment(): unknown;
}

/** An R2 bucket. */
export interface Bucket {
  put(key: string, value: Uint8Array): Promise<unknown>;
  get(key: string): Promise<{ arrayBuffer(): Promise<ArrayBuffer> } | null>;
  delete(keys: string | readonly string[]): Promise<void>;
  list(options: {
    prefix: string;
    cursor?: string;
  }): Promise<{ objects: { key: string }[]; truncated: boolean; cursor?: string }>;
}

/** Makes the two ends of a WebSocket; only the server's is driven here. */
export type SocketPair = new () => { readonly 0: unknown; readonly 1: PlatformSocket };

/** A frame and its answer, for `setWebSocketAutoResponse`. */
export type AutoResponse = new (request: string, response: string) => unknown;
