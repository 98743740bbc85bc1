import * as vscode from "vscode";
import type { ProviderDeps } from "../adapters/provider/provider-deps";
import { OrketError } from "../engine/error/orket-error";
import { sessionWords } from "../engine/view/session-label";
import type { OfferedToAgents } from "./agents";
import type { ArtifactReview } from "./artifacts/artifact-review";
import { artifactCommands } from "./artifacts/commands";
import { isHunkTarget } from "./artifacts/hunk-lenses";
import type { HunkTarget } from "./artifacts/hunk-lenses";
import type { ReviewModel } from "./artifacts/review-model";
import type { historyCommands } from "./history/commands";
import { commandIds, internalIds } from "./ids";
import type { CommandId, InternalId } from "./ids";
import type { Editing } from "./language";
import type { FlowPanels } from "./flow/flow-panel";
import type { PlanDocuments } from "./flow/plan-documents";
import type { ProjectIndex } from "./project/project-index";
import { checkCommand } from "./flow/check-command";
import type { CommandTarget } from "./flow/check-command";
import { mayRun } from "./flow/run-flow";
import type { FlowRunner } from "./flow/run-flow";
import type { Secrets } from "./session/secrets";
import type { SessionController } from "../app/session/controller";
import type { SessionRegistry } from "./session/session-registry";
import type { ArtifactsTree } from "./trees/artifacts-tree";
import { SessionItem } from "./trees/sessions-tree";
import type { SessionsTree } from "./trees/sessions-tree";
import { adjustSession } from "./conductor/adjust";
import type { Reports } from "./history/reports";
import type { ConductorView } from "./conductor/conductor-view";
import type { Attention } from "./inbox/attention";
import type { Inbox } from "./inbox/inbox";
import type { InboxRow, InboxTree } from "./inbox/inbox-tree";
import type { PressedAnswer } from "../protocol/conductor";
import type { ErrorPresenter } from "./errors";
import type { SessionPanels } from "./event-panel/session-panels";
import { MeshNodeItem } from "./venues/mesh-rows";
import { allowStoredKey } from "./session/questions";
import { stopAsked } from "./session/ask-stop";
import { ensureAllowed, ensureTrusted } from "./trust";
import { selectVenue } from "./venues/select-venue";
import type { VenueChanges } from "./venues/venue-changes";
import type { VenueChoice } from "./venues/venue-choice";

/** What the commands need. */
export interface CommandParts {
  readonly runner: FlowRunner;
  readonly sessions: SessionRegistry;
  readonly conductor: ConductorView;
  readonly inbox: Inbox;
  readonly inboxTree: InboxTree;
  readonly sessionsTree: SessionsTree;
  readonly panels: SessionPanels;
  readonly review: ArtifactReview;
  readonly model: ReviewModel;
  readonly artifacts: ArtifactsTree;
  readonly plans: PlanDocuments;
  readonly reports: Reports;
  readonly flows: FlowPanels;
  readonly secrets: Secrets;
  readonly errors: ErrorPresenter;
  readonly index: ProjectIndex;
  readonly venue: VenueChoice;
  readonly changes: VenueChanges;
  readonly provider: ProviderDeps;
  readonly editing: Pick<Editing, "commands" | "internal">;
  readonly chat: OfferedToAgents["commands"];
  readonly attention: Attention;
  readonly history: ReturnType<typeof historyCommands>;
}

type Handler = (...given: unknown[]) => unknown;

/** Performs a command with what the editor passes to it; a failure becomes a message. */
export type PerformCommand = (id: CommandId | InternalId, given: readonly unknown[]) => Promise<void>;

export function commandsOf(parts: CommandParts): PerformCommand {
  const declared = declaredCommands(parts);
  const internal = internalCommands(parts);
  return (id, given) =>
    parts.errors.guard(() => {
      if (isInternal(id)) return internal[id](...given);
      ensureAllowed(id);
      const [target] = given;
      if (target instanceof SessionItem && !parts.sessionsTree.takes(target)) return undefined;
      return declared[id](...given);
    });
}

function isInternal(id: CommandId | InternalId): id is InternalId {
  return (Object.values(internalIds) as readonly string[]).includes(id);
}

/** Every command that package.json declares; the type makes the table complete. */
function declaredCommands(parts: CommandParts): Readonly<Record<CommandId, Handler>> {
  const { sessions, review } = parts;
  return {
    [commandIds.runFlow]: (target) => run(parts, target, false),
    [commandIds.runFlowStepByStep]: (target) => run(parts, target, true),
    [commandIds.resumeSession]: (target) => resume(parts, target),
    [commandIds.resumeWithNewVenue]: async (target) => {
      if (!(await mayRun())) return;
      const controller = await choose(sessions, target, canResume, "Which session should go on?");
      if (controller === undefined) return;
      sessions.show(controller);
      await parts.changes.takeFile(controller);
      await parts.conductor.reveal({ focus: false });
    },
    [commandIds.stopSession]: async (target) => {
      const controller = await choose(sessions, target, canStop, "Which session should stop?");
      if (controller !== undefined) await stopAsked(controller);
    },
    [commandIds.pauseSession]: async (target) => {
      const controller = await choose(sessions, target, canPause, "Which session should pause?");
      await controller?.adjust({ kind: "pause" });
    },
    [commandIds.adjustSession]: async (target) => {
      const controller = await choose(sessions, target, canStop, "Which session is to be adjusted?");
      if (controller !== undefined) await adjustSession(controller, parts);
    },
    [commandIds.openSession]: async (target) => {
      const opening = choose(sessions, target, () => true, "Which session should open?");
      const first =
        target instanceof SessionItem ? parts.panels.showFirst(target.session.path, opening) : undefined;
      const [controller] = await Promise.all([opening, first]);
      if (controller === undefined) return;
      sessions.show(controller);
      await parts.panels.show(controller);
    },
    [commandIds.approve]: () => press(parts, "approve"),
    [commandIds.skip]: () => press(parts, "skip"),
    [commandIds.retry]: () => press(parts, "retry"),
    [commandIds.refuse]: () => press(parts, "refuse"),
    [commandIds.nextWaiting]: () => showNextWaiting(parts),
    [commandIds.reviewArtifacts]: (target) => review.review(target),
    ...artifactCommands(parts),
    [commandIds.showPlan]: async (target) => {
      const chosen = await parts.runner.pick(target, "Which Flow's plan?", { onlyOne: true });
      if (chosen === undefined) return;
      await parts.plans.show(vscode.Uri.joinPath(chosen.folder.uri, chosen.flow.path));
    },
    [commandIds.showFlow]: async (target) => {
      const chosen = await parts.runner.pick(target, "Which Flow?", { onlyOne: true });
      if (chosen === undefined) return;
      parts.flows.show(vscode.Uri.joinPath(chosen.folder.uri, chosen.flow.path), chosen.flow.name);
    },
    [commandIds.setSecret]: (target, origin) => setSecret(parts.secrets, target, origin),
    [commandIds.selectVenue]: () => selectVenue(parts.index, parts.venue, parts.provider),
    [commandIds.drainNode]: (target) => {
      if (target instanceof MeshNodeItem) target.mesh.drain(target.node.name);
    },
    [commandIds.restoreNode]: (target) => {
      if (target instanceof MeshNodeItem) target.mesh.restore(target.node.name);
    },
    ...parts.editing.commands,
    ...parts.history,
  };
}

/** The commands of lenses, quick fixes, rows and buttons. */
function internalCommands(parts: CommandParts): Readonly<Record<InternalId, Handler>> {
  const decide =
    (work: (hunk: HunkTarget) => Promise<void>): Handler =>
    async (target) => {
      ensureTrusted();
      if (isHunkTarget(target)) await work(target);
    };
  return {
    ...(parts.editing.internal as Readonly<Record<keyof Editing["internal"], Handler>>),
    ...parts.chat,
    [internalIds.showWaiting]: (target) => {
      const row = target as InboxRow;
      if (!parts.inboxTree.takes(row)) return undefined;
      if (!("waiting" in row)) return parts.attention.showEnd(row.directory);
      return parts.conductor.showWaiting(row.controller, row.waiting.about);
    },
    [internalIds.showEnd]: (directory) => parts.attention.showEnd(directory),
    [internalIds.checkCommand]: (target) =>
      checkCommand(parts.index, parts.sessions, target as CommandTarget),
    [internalIds.acceptHunk]: decide((hunk) => parts.review.acceptHunk(hunk)),
    [internalIds.rejectHunk]: decide((hunk) => parts.review.rejectHunk(hunk)),
  };
}

async function run({ runner, conductor }: CommandParts, target: unknown, stepByStep: boolean): Promise<void> {
  const controller = await runner.run(target, { stepByStep });
  if (controller !== undefined) await conductor.reveal({ focus: false });
}

/**
 * Answers the question on the screen by pressing its control there, so that the view's own guard decides. Where no
 * question is on the screen, it shows one and answers nothing, because the user cannot have read it.
 */
async function press({ conductor, sessions, inbox }: CommandParts, what: PressedAnswer): Promise<void> {
  const { current } = sessions;
  const asks = current !== undefined && inbox.entries.some(({ controller }) => controller === current);
  if (asks && conductor.visible) await conductor.press(what);
  else await showNextWaiting({ conductor, sessions, inbox });
}

/** Shows the next waiting item across all sessions, and focuses it. */
async function showNextWaiting({
  conductor,
  sessions,
  inbox,
}: Pick<CommandParts, "conductor" | "sessions" | "inbox">): Promise<void> {
  const next = inbox.after(sessions.current?.id, conductor.focused);
  if (next === undefined) {
    void vscode.window.showInformationMessage("Nothing waits for you.");
    return;
  }
  await conductor.showWaiting(next.controller, next.waiting.about);
}

async function resume({ sessions, conductor }: CommandParts, target: unknown): Promise<void> {
  if (!(await mayRun())) return;
  const controller = await choose(sessions, target, canResume, "Which session should go on?");
  if (controller === undefined) return;
  sessions.show(controller);
  await sessions.resume(controller);
  await conductor.reveal({ focus: false });
}

const canStop = ({ state, holder, problem }: SessionController): boolean =>
  state.status !== "ended" && holder !== "elsewhere" && problem === undefined;
const canPause = ({ state, holder }: SessionController): boolean =>
  state.status === "running" && holder === "here";
const canResume = ({ resumable }: SessionController): boolean => resumable;

/** The given session: the tree's row, the current one, or the one that the user picks. */
async function choose(
  sessions: SessionRegistry,
  target: unknown,
  fits: (controller: SessionController) => boolean,
  question: string,
): Promise<SessionController | undefined> {
  if (target instanceof SessionItem) return fitting(await sessions.openAt(target.session.path), fits);
  const { current } = sessions;
  if (current !== undefined && fits(current)) return current;
  const listed = (await sessions.list()).filter(({ openable }) => openable);
  const opened = await Promise.allSettled(listed.slice(0, 50).map(({ path }) => sessions.openAt(path)));
  const controllers = opened.flatMap((one) =>
    one.status === "fulfilled" && fits(one.value) ? [one.value] : [],
  );
  if (controllers.length === 0) {
    void vscode.window.showInformationMessage("No session can be used for this.");
    return undefined;
  }
  const items = controllers.map((controller) => ({
    label: controller.view.flow,
    description: sessionWords[controller.label],
    detail: controller.id,
    controller,
  }));
  return (
    await vscode.window.showQuickPick(items, { title: "Orket", placeHolder: question, ignoreFocusOut: true })
  )?.controller;
}

function fitting(
  controller: SessionController,
  fits: (controller: SessionController) => boolean,
): SessionController {
  if (fits(controller)) return controller;
  if (controller.holder === "elsewhere") {
    throw new OrketError(
      "session_locked",
      `The session ${controller.id}: ${controller.heldBy ?? "another process performs it."}`,
      {
        hint: "Close it there, or wait until it ends; you can watch it until then.",
      },
    );
  }
  throw new OrketError(
    "command_refused",
    `The session ${controller.id} is ${sessionWords[controller.label]}.`,
  );
}

/** @param origin the server that a run would send the key to, if one asked for it: storing the key then allows it there. */
async function setSecret(secrets: Secrets, target: unknown, origin: unknown): Promise<void> {
  const name = await vscode.window.showInputBox({
    title: "Set Secret",
    prompt: "Its name, as a Venue writes it after secret:",
    ...(typeof target === "string" ? { value: target } : {}),
    placeHolder: "openai",
    ignoreFocusOut: true,
    validateInput: (text) =>
      /^[A-Za-z0-9_.-]+$/.test(text) ? undefined : "Use letters, digits, '_', '.' and '-'.",
  });
  if (name === undefined) return;
  const value = await vscode.window.showInputBox({
    title: `Secret ${name}`,
    prompt: `The key. VS Code stores it encrypted; it is never written to a file of the project.${typeof origin === "string" ? ` It will be sent to ${origin}.` : ""}`,
    password: true,
    ignoreFocusOut: true,
    validateInput: (text) => (text.trim() === "" ? "The key is empty." : undefined),
  });
  if (value === undefined) return;
  await secrets.set(name, value.trim());
  if (typeof origin === "string" && name === target) await allowStoredKey(name, origin);
  void vscode.window.showInformationMessage(
    `The secret ${name} is stored. A Venue uses it with api_key: secret:${name}.`,
  );
}
