/* Every id that package.json declares and the code uses; an architecture test compares the two. */

export const commandIds = {
  runFlow: "orket.runFlow",
  runFlowStepByStep: "orket.runFlowStepByStep",
  resumeSession: "orket.resumeSession",
  resumeWithNewVenue: "orket.resumeWithNewVenue",
  stopSession: "orket.stopSession",
  pauseSession: "orket.pauseSession",
  openSession: "orket.openSession",
  approve: "orket.approve",
  skip: "orket.skip",
  retry: "orket.retry",
  refuse: "orket.refuse",
  nextWaiting: "orket.nextWaiting",
  reviewArtifacts: "orket.reviewArtifacts",
  acceptArtifact: "orket.acceptArtifact",
  acceptAllArtifacts: "orket.acceptAllArtifacts",
  rejectArtifact: "orket.rejectArtifact",
  revertAcceptance: "orket.revertAcceptance",
  redoAcceptance: "orket.redoAcceptance",
  reviewAllArtifacts: "orket.reviewAllArtifacts",
  rejectWithReason: "orket.rejectWithReason",
  editArtifact: "orket.editArtifact",
  discardVersion: "orket.discardVersion",
  acceptChange: "orket.acceptChange",
  rejectChange: "orket.rejectChange",
  artifactHistory: "orket.artifactHistory",
  groupArtifacts: "orket.groupArtifacts",
  showPlan: "orket.showPlan",
  showFlow: "orket.showFlow",
  adjustSession: "orket.adjustSession",
  setSecret: "orket.setSecret",
  editPrompt: "orket.editPrompt",
  previewPrompt: "orket.previewPrompt",
  tryPrompt: "orket.tryPrompt",
  newFlow: "orket.newFlow",
  importFlow: "orket.importFlow",
  writeSample: "orket.writeSample",
  replaySession: "orket.replaySession",
  verifySession: "orket.verifySession",
  forkSession: "orket.forkSession",
  compareSessions: "orket.compareSessions",
  repeatSession: "orket.repeatSession",
  exportSession: "orket.exportSession",
  renameSession: "orket.renameSession",
  deleteSession: "orket.deleteSession",
  searchSessions: "orket.searchSessions",
  pruneSessions: "orket.pruneSessions",
  selectVenue: "orket.selectVenue",
  drainNode: "orket.drainNode",
  restoreNode: "orket.restoreNode",
} as const;
export type CommandId = (typeof commandIds)[keyof typeof commandIds];

/** @public A test compares it with package.json. */
export const containerIds = { orket: "orket" } as const;

export const viewIds = {
  conductor: "orket.conductor",
  inbox: "orket.inbox",
  artifacts: "orket.artifacts",
  sessions: "orket.sessions",
  library: "orket.library",
} as const;

export const languageIds = {
  flow: "orket-flow",
  band: "orket-band",
  venue: "orket-venue",
  score: "orket-score",
  replies: "orket-replies",
} as const;

export const settingIds = {
  notifyApprovals: "orket.notifications.approvals",
  offerResume: "orket.sessions.offerResume",
} as const;

/** Editor panels; VS Code restores them by these types, and package.json does not declare them. */
export const panelTypes = { session: "orket.session", flow: "orket.flow" } as const;

/** What package.json contributes for the editor's own agents, besides the tools of `app/agent`. */
export const agentIds = { participant: "orket.orket" } as const;

/** Schemes of documents that exist only in the editor. */
export const schemes = {
  /** Versions of artifacts that no longer change. */
  artifact: "orket-artifact",
  /** What an artifact would write to the project; the user may edit it before accepting it. */
  proposal: "orket-proposal",
  plan: "orket-plan",
  /** Differences between sessions, and findings about them. */
  report: "orket-report",
  /** A prompt as a separate file. */
  prompt: "orket-prompt",
  preview: "orket-preview",
  try: "orket-try",
  importReport: "orket-import",
} as const;

/** Commands called only by lenses and quick fixes, so they are in no menu. */
export const internalIds = {
  moveKey: "orket.internal.moveKey",
  createFile: "orket.internal.createFile",
  openResult: "orket.internal.openResult",
  checkCommand: "orket.internal.checkCommand",
  showWaiting: "orket.internal.showWaiting",
  showEnd: "orket.internal.showEnd",
  runFromChat: "orket.internal.runFromChat",
  openFromChat: "orket.internal.openFromChat",
  showPromptInFile: "orket.internal.showPromptInFile",
  acceptHunk: "orket.internal.acceptHunk",
  rejectHunk: "orket.internal.rejectHunk",
} as const;
export type InternalId = (typeof internalIds)[keyof typeof internalIds];

/** Keys that `when` clauses read. */
export const contextKeys = {
  /** A session of this window is at work or waits. */
  running: "orket.running",
  /** Something waits for the user, in any session. */
  waiting: "orket.waiting",
  /** The current session can be resumed. */
  resumable: "orket.resumable",
  /** The current session has undecided artifacts. */
  pendingArtifacts: "orket.pendingArtifacts",
  /** A decision about an artifact was just made: a click now was meant for what was there before. */
  settling: "orket.settling",
  /** Addresses of proposals of which the user has their own version. */
  ownVersions: "orket.ownVersions",
} as const;
