/**
 * What was observed, as plain JSON: the only thing checks see. Collectors write these, `--save-evidence` stores them and
 * `--from-evidence` reads them back, so every field must survive a round trip and none may hold a secret.
 */
import type { DeadLetter } from "../lib/model/dead-letter.ts";
import type {
  IntegrationRow,
  IntegrationStatus,
  RefreshReport,
  SyncStatus,
} from "../lib/model/integration.ts";
import type { MountState, PidRecord } from "../lib/model/mount-state.ts";
import type { TokenKind, WorkspaceClaims } from "../lib/model/token.ts";
import type { WritebackOp } from "../lib/model/writeback-op.ts";
import type { EventsFact, IngressFact, WrittenPlacesFact } from "./facts/history.ts";
import type { CredentialAreaFact, IssuerKeysFact, ResolvedFact } from "./facts/identity.ts";
import type { MirrorFact, MountAreaFact } from "./facts/mirror.ts";
import type { RecordsFact } from "./facts/records.ts";
import type { WriteProbeFact } from "./write/facts.ts";

export type * from "./facts/history.ts";
export type * from "./facts/identity.ts";
export type * from "./facts/mirror.ts";
export type * from "./facts/records.ts";

/** Which of our two services. */
export type RelayService = "file-api" | "control-plane";

/** Which service a request went to. `provider`: the provider's own API, when somebody named it. */
export type Service = RelayService | "provider";

/** What an answer's body turned out to be. `none`: there was no answer. */
export type AnswerKind = "json" | "html" | "text" | "empty" | "invalid-json" | "too-large" | "none";

/** Why there was no answer. */
export type TransportClass = "dns" | "connect" | "tls" | "timeout" | "reset" | "protocol" | "aborted";

/** The outcome of one request, without its body. */
export interface ProbeFact {
  readonly exchangeId: string;
  readonly method: string;
  readonly url: string;
  /** Null when there was no answer. */
  readonly status: number | null;
  readonly kind: AnswerKind;
  /** `code` of a JSON error body, else null. */
  readonly code: string | null;
  /** `message` or `error` of a JSON error body, or the transport failure in words. */
  readonly message: string | null;
  readonly failure: TransportClass | null;
  readonly totalMs: number;
  /** Value of Retry-After, in seconds or as a date; null when absent. */
  readonly retryAfter: string | null;
  /** Target of a redirect, which was not followed. */
  readonly location: string | null;
}

/** A token without the token. */
export interface TokenFact {
  /** `flag --token-file`, `env RELAYFILE_TOKEN`, `file ~/.relayfile/credentials.json`. */
  readonly source: string;
  readonly kind: TokenKind;
  /** First 12 hex digits of its SHA-256. */
  readonly fingerprint: string;
  /** Null for anything that is not a JWT. */
  readonly claims: WorkspaceClaims | null;
}

/** A part of the target that was asked for and is not there. */
export interface TargetProblem {
  readonly part: string;
  /** Code of the error table. */
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** What the command was pointed at. */
export interface TargetFact {
  readonly fileApiUrl: string;
  /** Null when nothing refers to a control plane (design decision 26). */
  readonly controlPlaneUrl: string | null;
  readonly workspace: {
    readonly id: string | null;
    readonly cloudId: string | null;
    readonly name: string | null;
  } | null;
  /** Where each part came from, for example `fileApi: "flag --file-api"`. */
  readonly sources: Readonly<Record<string, string>>;
  readonly workspaceToken: TokenFact | null;
  readonly cloudToken: TokenFact | null;
  readonly mountDir: string | null;
  /** Parts that were asked for and could not be resolved. */
  readonly problems: readonly TargetProblem[];
  /** Credentials that were not used because they belong to another host than the one asked for. */
  readonly boundElsewhere: readonly {
    readonly kind: "workspace" | "cloud";
    readonly source: string;
    readonly server: string;
    readonly url: string;
  }[];
  /** Restricts the suites to one provider; null for all. */
  readonly provider: string | null;
  readonly collectedAtMs: number;
}

/** One credential file. */
export interface CredentialFileFact {
  readonly name: "cloud-credentials" | "workspace-credentials" | "shared-cloud" | "workspaces";
  /** With `~` for the home directory. */
  readonly path: string;
  readonly state: "missing" | "unreadable" | "invalid" | "ok";
  readonly problem: string | null;
  /** True when others may read or write it. */
  readonly loose: boolean;
  readonly server: string | null;
  readonly accessExpiresAt: string | null;
  readonly refreshExpiresAt: string | null;
  readonly updatedAt: string | null;
  readonly tokenKind: TokenKind | null;
  readonly fingerprint: string | null;
}

/** Credential files and variables. */
export interface CredentialsFact {
  readonly files: readonly CredentialFileFact[];
  /** Variables that are set, with what their value looks like. */
  readonly env: readonly {
    readonly name: string;
    readonly tokenKind: TokenKind | null;
    readonly fingerprint: string | null;
  }[];
  readonly collectedAtMs: number;
}

/** Liveness of one service. */
export interface ServiceFact {
  readonly service: RelayService;
  readonly baseUrl: string;
  readonly probe: ProbeFact;
  /** True when the answer has the shape this service gives. */
  readonly recognised: boolean;
  readonly version: string | null;
  /** What the same base URL answered to the other service's liveness route; null when not asked. */
  readonly asOther: ProbeFact | null;
  readonly isOther: boolean;
  /** Ids in the catalog; only of a control plane. */
  readonly catalog?: readonly string[];
}

/** The first authenticated read: the workspace root, one level deep. */
export interface WorkspaceAccessFact {
  readonly probe: ProbeFact;
  /** Names at the root, `/` for directories. */
  readonly entries: readonly string[];
  /** Files in the whole workspace, when the server says. */
  readonly totalFiles: number | null;
}

/** Who the cloud token belongs to. */
export interface CloudIdentityFact {
  readonly probe: ProbeFact;
}

/** Difference between the servers' clocks and ours. Positive: the server is ahead; 0: none that a Date header shows. */
export interface ClockFact {
  readonly samples: readonly {
    readonly service: Service;
    readonly skewMs: number;
    readonly roundTripMs: number;
    readonly exchangeId: string;
  }[];
  /** The sample with the shortest round trip; 0 when there is none. */
  readonly skewMs: number;
}

/** Integrations as the control plane sees them. */
export interface IntegrationsFact {
  readonly list: ProbeFact;
  /** Null when the list could not be read. */
  readonly rows: readonly IntegrationRow[] | null;
  readonly statuses: readonly {
    readonly provider: string;
    readonly probe: ProbeFact;
    readonly status: IntegrationStatus | null;
  }[];
}

/** Providers as the file API sees them. */
export interface SyncFact {
  readonly probe: ProbeFact;
  readonly status: SyncStatus | null;
}

/** Writeback ops by state. */
export interface OpsFact {
  readonly probe: ProbeFact;
  /** Newest first within each state; at most `limit` of each. */
  readonly items: readonly (WritebackOp & { readonly exchangeId: string })[];
  /** States of which more exist than were read. */
  readonly truncatedStates: readonly string[];
  readonly collectedAtMs: number;
}

/** A JSON file under /discovery. */
export interface DiscoveryFileFact {
  readonly path: string;
  readonly exchangeId: string;
  readonly status: number | null;
  readonly problem: string | null;
  readonly revision: string | null;
  readonly lastEditedAt: string | null;
  readonly sha256: string | null;
  /** Size of its text; absent in older evidence. */
  readonly bytes?: number;
  /** The parsed document, or null when there is none. */
  readonly document: Readonly<Record<string, unknown>> | null;
}

/** The `_index.json` of a resource root. */
export interface IndexFact {
  readonly path: string;
  readonly exchangeId: string;
  readonly status: number | null;
  readonly problem: string | null;
  /** Number of rows; null when it is not an array. */
  readonly rows: number | null;
  /** The first rows by id, as they are. */
  readonly first: readonly Readonly<Record<string, unknown>>[];
  /** `canonicalPath` or `path` of up to 200 rows. */
  readonly canonicalPaths: readonly string[];
}

/** What sampling by the index rows finds: the inputs of steps 4 to 8 of the decision procedure. */
export interface SampleFact {
  /** Children of the root that look like canonical records, at most 25. */
  readonly canonicalChildren: readonly string[];
  /** Leaf names below `by-id` and `by-uuid`, at most 20 each. */
  readonly byId: readonly string[];
  readonly byUuid: readonly string[];
  readonly rows: readonly {
    readonly id: string | null;
    readonly tried: readonly {
      readonly path: string;
      readonly exchangeId: string;
      readonly status: number | null;
    }[];
    /** The first path that was readable. */
    readonly hit: string | null;
    /** What the record held after unwrapping; null without a hit. */
    readonly content: "fields" | "empty" | "tombstone" | "not-json" | null;
    readonly fieldCount: number;
  }[];
}

/** One writable resource that a provider's discovery tree describes. */
export interface DiscoveredResourceFact {
  /** Template, for example `/linear/issues/{issueId}/comments`. */
  readonly path: string;
  readonly placeholder: boolean;
  readonly schema: DiscoveryFileFact;
  readonly example: DiscoveryFileFact | null;
  /** Null for placeholder resources. */
  readonly index: IndexFact | null;
  /** Collected when the schema is empty; else null. */
  readonly sample: SampleFact | null;
}

/** One provider's discovery surface. */
export interface ProviderDiscoveryFact {
  readonly provider: string;
  /** True when the control plane lists it; null when that is unknown. */
  readonly connected: boolean | null;
  readonly listing: ProbeFact;
  readonly truncated: boolean;
  /** Paths below `/discovery/<provider>`. */
  readonly files: readonly string[];
  /** Null when there is no layout file. */
  readonly layout: {
    readonly exchangeId: string;
    readonly bytes: number;
    readonly advertised: readonly string[];
    /** Words that a layout must mention and this one does not; absent in older evidence. */
    readonly lacks?: readonly string[];
  } | null;
  readonly adapterDoc: {
    readonly exchangeId: string;
    readonly bytes: number;
    readonly headings: readonly string[];
    /** Discovery files that the text names; absent in older evidence. */
    readonly names?: readonly string[];
  } | null;
  readonly resources: readonly DiscoveredResourceFact[];
  /** The layout and the adapter document, where reading them gave no usable answer; absent in older evidence. */
  readonly unread?: readonly string[];
}

/** The discovery surface of every provider asked about. */
export interface DiscoveryFact {
  readonly providers: readonly ProviderDiscoveryFact[];
  /** Providers named by the control plane that have no discovery tree. */
  readonly collectedAtMs: number;
}

/** A schema as it was before a refresh. */
export interface SchemaBefore {
  readonly revision: string | null;
  readonly lastEditedAt: string | null;
  readonly sha256: string | null;
  readonly properties: number;
}

/** One discovery refresh by the control plane. */
export interface RefreshFact {
  readonly probe: ProbeFact;
  /** Start of the refresh on the server's clock. */
  readonly startedAtMs: number;
  readonly report: RefreshReport | null;
  readonly problem: string | null;
  /** Each schema as it was before the refresh, by path; absent when that was not read. */
  readonly schemasBefore?: Readonly<Record<string, SchemaBefore>>;
}

/** One bullet of a digest. */
export interface DigestBullet {
  readonly provider: string;
  readonly identifier: string;
  readonly path: string;
  /** What happened, for example `was closed`; absent in older evidence. */
  readonly verb?: string;
}

/** One digest file. */
export interface DigestFileFact {
  readonly path: string;
  readonly exchangeId: string;
  readonly status: number | null;
  readonly problem: string | null;
  readonly revision: string | null;
  readonly lastEditedAt: string | null;
  /** Keys of the front matter in order; null when it does not parse. */
  readonly frontMatter: Readonly<Record<string, string | number | boolean | readonly string[]>> | null;
  /** Section titles in order. */
  readonly sections: readonly string[];
  readonly bullets: readonly DigestBullet[];
  /** SHA-256 of what follows the front matter; absent in older evidence. */
  readonly bodySha256?: string;
}

/** The digests of the workspace. */
export interface DigestsFact {
  readonly files: readonly DigestFileFact[];
  /** Paths below /digests. */
  readonly listed: readonly string[];
  /** The newest event outside /digests, from the feed; null when there is none or the feed could not be read. */
  readonly newestEvent: { readonly path: string; readonly at: string; readonly exchangeId: string } | null;
  readonly collectedAtMs: number;
}

/** The mirror on this machine. */
export interface MountFact {
  /** Null when nothing refers to a mount. */
  readonly dir: string | null;
  readonly source: string | null;
  readonly root: "directory" | "file" | "symlink" | "other" | "missing" | "unreadable";
  /** Names of INCIDENT notes. */
  readonly incidents: readonly string[];
  readonly state: {
    readonly status: "missing" | "invalid" | "ok";
    readonly problem: string | null;
    readonly modifiedAtMs: number | null;
    readonly value: MountState | null;
  };
  readonly pid: {
    readonly record: PidRecord | null;
    readonly alive: boolean;
    readonly executable: string | null;
  } | null;
  readonly pendingDeletes: { readonly count: number; readonly oldestAt: string | null };
  readonly collectedAtMs: number;
}

/** Dead letters on this machine. */
export interface DeadLettersFact {
  /** Null when nothing refers to a mount. */
  readonly dir: string | null;
  readonly records: readonly DeadLetter[];
  readonly malformed: readonly { readonly file: string; readonly reason: string }[];
}

/** A timed join, whose token is discarded, beside other calls of the same moment. */
export interface JoinFact {
  readonly probe: ProbeFact;
  /** A first attempt that failed with 5xx and was repeated once; absent when the first one counted. */
  readonly first?: ProbeFact;
  /** Median of the other calls, ms. */
  readonly othersMs: number;
  readonly others: readonly ProbeFact[];
}

/** Every kind of evidence by name. */
export interface Facts {
  readonly target: TargetFact;
  readonly credentials: CredentialsFact;
  readonly fileApi: ServiceFact;
  readonly controlPlane: ServiceFact;
  readonly access: WorkspaceAccessFact;
  readonly cloudIdentity: CloudIdentityFact;
  readonly join: JoinFact;
  readonly clock: ClockFact;
  readonly integrations: IntegrationsFact;
  readonly sync: SyncFact;
  readonly ops: OpsFact;
  readonly discovery: DiscoveryFact;
  readonly refresh: RefreshFact;
  readonly digests: DigestsFact;
  readonly mount: MountFact;
  readonly deadLetters: DeadLettersFact;
  readonly resolved: ResolvedFact;
  readonly issuerKeys: IssuerKeysFact;
  readonly credentialArea: CredentialAreaFact;
  readonly events: EventsFact;
  readonly ingress: IngressFact;
  readonly writtenPlaces: WrittenPlacesFact;
  readonly records: RecordsFact;
  readonly mountArea: MountAreaFact;
  readonly mirror: MirrorFact;
  readonly writeProbe: WriteProbeFact;
}

/** The name of a kind of evidence. */
export type EvidenceName = keyof Facts;
