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
import { atlassianSiteChosen, connectionsCurrent } from "./doctor/connections.ts";
import { credentialFilesPrivate, oneCloudSession } from "./doctor/credential-area.ts";
import { environmentConsistent, loginFitsShell } from "./doctor/environment.ts";
import workspaceIdentity from "./doctor/identity.ts";
import { ingressClean, providersFed } from "./doctor/inbound.ts";
import issuerKeyCurrent from "./doctor/issuer.ts";
import joinFast from "./doctor/join.ts";
import listingsWhole from "./doctor/listing.ts";
import mirrorMatches from "./doctor/mirror-content.ts";
import { mountDaemonAlive, mountKeepsUp, mountRootIntact, mountStateValid } from "./doctor/mount.ts";
import { bootstrapEnds } from "./doctor/mount-bootstrap.ts";
import daemonUndisturbed from "./doctor/mount-daemon.ts";
import { guardsQuiet } from "./doctor/mount-guards.ts";
import mountReachesAll from "./doctor/mount-reach.ts";
import { deadLettersEmpty, outboxDrains } from "./doctor/mount-writes.ts";
import networkWorks from "./doctor/network.ts";
import scopesAsAsked from "./doctor/scopes.ts";
import { controlPlaneAnswers, fileApiAnswers, servicesInPlace } from "./doctor/services.ts";
import { credentialsFitHosts, targetResolved } from "./doctor/target.ts";
import { pollingCalm, routesDeployed } from "./doctor/traffic.ts";
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
    environmentConsistent,
    credentialFilesPrivate,
    loginFitsShell,
    networkWorks,
    servicesInPlace,
    fileApiAnswers,
    controlPlaneAnswers,
    clockInSync,
    workspaceTokenKind,
    workspaceTokenValid,
    workspaceTokenScopes,
    scopesAsAsked,
    workspaceReadable,
    issuerKeyCurrent,
    scopesSuffice,
    routesDeployed,
    cloudSessionValid,
    oneCloudSession,
    workspaceIdentity,
    joinFast,
    connectionsCurrent,
    integrationsHealthy,
    atlassianSiteChosen,
    syncHealthy,
    providersFed,
    ingressClean,
    listingsWhole,
    mountRootIntact,
    mountStateValid,
    mountDaemonAlive,
    daemonUndisturbed,
    bootstrapEnds,
    mountKeepsUp,
    mirrorMatches,
    mountReachesAll,
    pollingCalm,
    guardsQuiet,
    outboxDrains,
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
