/** What runs, in reading order: each list reads as a table of facts about a healthy system. */
import type { Check, Suite } from "./check.ts";
import { noAliasBullets, noInternalPaths } from "./digest/budget.ts";
import { eventsCounted } from "./digest/coverage.ts";
import { budgetHonest, digestsExist, frontMatterValid, notTruncated } from "./digest/digests.ts";
import { closedStaysClosed, digestsFollow, windowsInZone } from "./digest/freshness.ts";
import { sectionsComplete, terminalStatesTold } from "./digest/sections.ts";
import { aliasesAnnounced, aliasesCurrent } from "./discovery/aliases.ts";
import { advertisedExist, contractComplete } from "./discovery/contract.ts";
import { documentsTelling, schemasSound } from "./discovery/contract-text.ts";
import { indexesWellFormed, indexMatchesTree, slackIndexesThere } from "./discovery/indexes.ts";
import recordsWellFormed from "./discovery/records.ts";
import { refreshAnswers, refreshHonest } from "./discovery/refresh.ts";
import { samplesReachable } from "./discovery/samples.ts";
import { placeholdersByDesign, refreshMovesSchema, schemaHasProperties } from "./discovery/schemas.ts";
import { filesSteady, schemasOnlyGrow } from "./discovery/steady.ts";
import { oneGeneration, treeMaterialized } from "./discovery/tree.ts";
import clockInSync from "./doctor/clock.ts";
import { cloudSessionValid, integrationsHealthy, syncHealthy } from "./doctor/cloud.ts";
import joinFast from "./doctor/join.ts";
import {
  deadLettersEmpty,
  mountDaemonAlive,
  mountKeepsUp,
  mountRootIntact,
  mountStateValid,
} from "./doctor/mount.ts";
import { controlPlaneAnswers, fileApiAnswers, servicesInPlace } from "./doctor/services.ts";
import { credentialsFitHosts, targetResolved } from "./doctor/target.ts";
import { scopesSuffice, workspaceReadable } from "./doctor/workspace-access.ts";
import { workspaceTokenKind, workspaceTokenScopes, workspaceTokenValid } from "./doctor/workspace-token.ts";
import { WRITE_CHECKS } from "./write/checks/mod.ts";
import { draftsCreate, nonRecordsStay } from "./writeback/names.ts";
import { noDeadLetters, opsAreRouted, opsMove, opsPassValidation } from "./writeback/ops.ts";
import { canonicalRoutable, examplesValid } from "./writeback/routes.ts";
import { draftsSettle, echoesSuppressed, successConfirmed } from "./writeback/settled.ts";

/** Every check of every suite. */
export const SUITES: Readonly<Record<Suite, readonly Check[]>> = {
  doctor: [
    targetResolved,
    credentialsFitHosts,
    servicesInPlace,
    fileApiAnswers,
    controlPlaneAnswers,
    clockInSync,
    workspaceTokenKind,
    workspaceTokenValid,
    workspaceTokenScopes,
    workspaceReadable,
    scopesSuffice,
    cloudSessionValid,
    joinFast,
    integrationsHealthy,
    syncHealthy,
    mountRootIntact,
    mountStateValid,
    mountDaemonAlive,
    mountKeepsUp,
    deadLettersEmpty,
  ],
  discovery: [
    refreshAnswers,
    refreshHonest,
    treeMaterialized,
    documentsTelling,
    advertisedExist,
    contractComplete,
    schemasSound,
    schemaHasProperties,
    samplesReachable,
    refreshMovesSchema,
    schemasOnlyGrow,
    filesSteady,
    placeholdersByDesign,
    indexesWellFormed,
    indexMatchesTree,
    slackIndexesThere,
    recordsWellFormed,
    aliasesCurrent,
    aliasesAnnounced,
    oneGeneration,
  ],
  digest: [
    digestsExist,
    frontMatterValid,
    windowsInZone,
    notTruncated,
    budgetHonest,
    noInternalPaths,
    noAliasBullets,
    digestsFollow,
    closedStaysClosed,
    eventsCounted,
    sectionsComplete,
    terminalStatesTold,
  ],
  writeback: [
    canonicalRoutable,
    draftsCreate,
    nonRecordsStay,
    examplesValid,
    opsAreRouted,
    opsPassValidation,
    opsMove,
    noDeadLetters,
    successConfirmed,
    draftsSettle,
    echoesSuppressed,
    ...WRITE_CHECKS,
  ],
};

/** All checks in reading order. */
export const ALL_CHECKS: readonly Check[] = [
  ...SUITES.doctor,
  ...SUITES.discovery,
  ...SUITES.digest,
  ...SUITES.writeback,
];
