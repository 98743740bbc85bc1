/* Every id that package.json declares and the code uses; an architecture test holds the two together. */

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

/** Editor panels; not in package.json but in what VS Code restores. */
export const panelTypes = { session: "orket.session", flow: "orket.flow" } as const;

/** Schemes of documents that exist only in the editor. */
export const schemes = {
  /** Versions of artifacts that nobody changes any more. */
  artifact: "orket-artifact",
  /** What an artifact comes to in the project; a person may edit it before accepting it. */
  proposal: "orket-proposal",
  plan: "orket-plan",
  /** Differences and findings of sessions. */
  report: "orket-report",
  /** A prompt as a file of its own. */
  prompt: "orket-prompt",
  preview: "orket-preview",
  try: "orket-try",
  importReport: "orket-import",
} as const;

/** What lenses and quick fixes call; nobody else does, so they stand in no menu. */
export const internalIds = {
  moveKey: "orket.internal.moveKey",
  createFile: "orket.internal.createFile",
  openResult: "orket.internal.openResult",
  checkCommand: "orket.internal.checkCommand",
  showWaiting: "orket.internal.showWaiting",
  showPromptInFile: "orket.internal.showPromptInFile",
  acceptHunk: "orket.internal.acceptHunk",
  rejectHunk: "orket.internal.rejectHunk",
} as const;

/** What `when` clauses read. */
export const contextKeys = {
  /** A session of this window is at work or waits. */
  running: "orket.running",
  /** Something waits for a person, in any session. */
  waiting: "orket.waiting",
  /** The session shown can be gone on with. */
  resumable: "orket.resumable",
  /** The session shown has artifacts that nobody has decided about. */
  pendingArtifacts: "orket.pendingArtifacts",
  /** A decision about an artifact was just taken: a click that comes now was meant for what stood there before. */
  settling: "orket.settling",
  /** Addresses of proposals that a person has a version of their own of. */
  ownVersions: "orket.ownVersions",
} as const;
