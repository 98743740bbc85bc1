import * as vscode from "vscode";
import type { Message } from "../../engine/event/event";
import { conductorRequestSchema } from "../../protocol/conductor-requests";
import { withText } from "../../engine/conductor/adjusted";
import type { Adjustment } from "../../engine/event/event";
import type { ConductorMessage, ConductorScreen, PressedAnswer, StreamPart } from "../../protocol/conductor";
import type { ConductorRequest } from "../../protocol/conductor-requests";
import { OrketError } from "../../engine/error/orket-error";
import { ensureTrusted } from "../trust";
import { commandIds, viewIds } from "../ids";
import type { ProjectIndex } from "../project/project-index";
import { answersFrom } from "./question-fields";
import { sessionScreen, TextCache } from "./conductor-screen";
import { startFork } from "../history/fork";
import { isOnDisk } from "../session/on-disk";
import type { SessionController } from "../../app/session/controller";
import type { SessionRegistry } from "../session/session-registry";
import type { VenueChanges } from "../venues/venue-changes";
import type { VenueChoice } from "../venues/venue-choice";
import { Coalescer } from "../webview/coalesce";
import { StreamParts } from "../webview/stream-parts";
import type { ErrorPresenter } from "../errors";
import { webviewHtml, webviewOptions } from "../webview/webview-html";
import { defined } from "../../engine/model/defined";

type Handlers = {
  readonly [T in ConductorRequest["type"]]: (request: Extract<ConductorRequest, { type: T }>) => unknown;
};

/** The conductor view: sends the view its screen, and carries out what the user presses in it. */
export class ConductorView implements vscode.WebviewViewProvider, vscode.Disposable {
  readonly #texts = new TextCache();
  readonly #subscriptions: vscode.Disposable[] = [];
  readonly #updates: Coalescer;
  readonly #streams: Coalescer;
  readonly #parts = new StreamParts();
  readonly #visible = new vscode.EventEmitter<void>();
  #view: vscode.WebviewView | undefined;
  #ready = false;
  /** The session whose complete screen the view has; streamed text must follow it. */
  #shown: string | undefined;
  #waiting = 0;
  /** What the user asked for and the view has not received yet. */
  #about: string | undefined;
  #focused: { readonly session: string; readonly about: string } | undefined;

  readonly onDidChangeVisibility = this.#visible.event;
  readonly #extension: vscode.Uri;
  readonly #sessions: SessionRegistry;
  readonly #index: ProjectIndex;
  readonly #venue: VenueChoice;
  readonly #changes: VenueChanges;
  readonly #errors: ErrorPresenter;
  readonly #openText: (name: string, text: string) => Promise<void>;

  constructor(
    extension: vscode.Uri,
    sessions: SessionRegistry,
    index: ProjectIndex,
    venue: VenueChoice,
    changes: VenueChanges,
    errors: ErrorPresenter,
    openText: (name: string, text: string) => Promise<void>,
  ) {
    this.#openText = openText;
    this.#extension = extension;
    this.#sessions = sessions;
    this.#index = index;
    this.#venue = venue;
    this.#changes = changes;
    this.#errors = errors;
    this.#updates = new Coalescer(50, () => this.#post("update"), errors.report);
    this.#streams = new Coalescer(50, () => this.#postStreams(), errors.report);
    this.#subscriptions.push(
      sessions.onDidChange(() => this.#updates.request()),
      sessions.onDidStream(({ controller, part }) => this.#stream(controller, part)),
      index.onDidChange(() => this.#updates.request()),
      venue.onDidChange(() => this.#updates.request()),
      changes.onDidFind(() => this.#updates.request()),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#updates.request()),
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.#updates.request()),
    );
  }

  get visible(): boolean {
    return this.#view?.visible === true;
  }

  /** Reveals the view; the focus does not move unless the user asked for this view. */
  async reveal(options: { readonly focus: boolean }): Promise<void> {
    if (this.#view !== undefined && !options.focus) this.#view.show(true);
    else {
      await vscode.commands.executeCommand(`${viewIds.conductor}.focus`, { preserveFocus: !options.focus });
    }
  }

  /** The question, step or `limit` that the user last asked for in the current session. */
  get focused(): string | undefined {
    return this.#focused?.session === this.#sessions.current?.id ? this.#focused?.about : undefined;
  }

  /** Presses the answer's control in the view; the view decides whether the question could have been read. */
  async press(what: PressedAnswer): Promise<void> {
    await this.#send({ type: "press", what });
  }

  /** Shows what waits in a session, and focuses it. */
  async showWaiting(controller: SessionController, about: string): Promise<void> {
    this.#sessions.show(controller);
    this.#about = about;
    this.#focused = { session: controller.id, about };
    await this.reveal({ focus: true });
    await this.#post("update");
  }

  /** Sets how many questions wait; false when there is no place for a badge yet. */
  setWaiting(count: number): boolean {
    this.#waiting = count;
    if (this.#view === undefined) return false;
    this.#view.badge = badgeOf(count);
    return true;
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.#view = view;
    this.#ready = false;
    view.badge = badgeOf(this.#waiting);
    view.webview.options = webviewOptions(this.#extension);
    view.webview.onDidReceiveMessage((message: unknown) => this.#receive(message));
    view.onDidChangeVisibility(() => this.#visible.fire());
    view.onDidDispose(() => {
      if (this.#view !== view) return;
      this.#view = undefined;
      this.#ready = false;
      this.#visible.fire();
    });
    view.webview.html = webviewHtml(view.webview, this.#extension, {
      name: "conductor",
      title: "Orket Conductor",
    });
    this.#visible.fire();
  }

  dispose(): void {
    this.#updates.stop();
    this.#streams.stop();
    this.#visible.dispose();
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #receive(message: unknown): void {
    const parsed = conductorRequestSchema.safeParse(message);
    if (!parsed.success) {
      void this.#errors.show(
        new OrketError("internal", `The conductor view sent an invalid message: ${parsed.error.message}`, {
          hint: "Reload the window; if it happens again, report it with the log.",
        }),
      );
      return;
    }
    const request = parsed.data;
    const handle = this.#handlers[request.type] as (given: ConductorRequest) => unknown;
    if ("request" in request)
      this.#errors.inBackground(() => this.#answer(request.request, () => handle(request)));
    else void this.#errors.guard(() => handle(request));
  }

  /** Carries out a request and reports the result to the view. */
  async #answer(request: number, work: () => unknown): Promise<void> {
    let problem: string | undefined;
    try {
      await work();
    } catch (error) {
      problem = this.#errors.textOf(error);
    }
    await this.#post("update");
    await this.#send({ type: "answered", request, ...defined({ problem }) });
  }

  readonly #handlers: Handlers = {
    ready: () => {
      this.#ready = true;
      return this.#post("screen");
    },
    answer: ({ session, id, sha256, answer }) =>
      this.#session(session).submit({
        kind: "resolve_approval",
        id,
        sha256,
        decision: answer.decision,
        by: "person",
        ...(answer.decision === "edit" ? { instruction: answer.instruction } : {}),
        ...("comment" in answer && answer.comment !== undefined ? { comment: answer.comment } : {}),
      }),
    answer_question: ({ session, id, sha256, verdict, fields }) => {
      const controller = this.#session(session);
      const question = controller.view.questions.find((one) => one.id === id);
      const answers = question === undefined ? undefined : answersFrom(question, fields);
      return controller.submit({
        kind: "answer_question",
        id,
        sha256,
        by: "person",
        ...defined({ verdict, answers }),
      });
    },
    fix_step: ({ session, step, how }) => {
      const by = "person" as const;
      const adjust = (adjustment: Adjustment) => ({ kind: "adjust" as const, adjustment });
      const controller = this.#session(session);
      return this.#sessions.goOn(controller, () =>
        how.kind === "edit"
          ? controller.submit(
              adjust({ kind: "patch", by, step, instruction: how.instruction }),
              adjust({ kind: "retry", by, step }),
            )
          : controller.submit(adjust({ kind: how.kind, by, step })),
      );
    },
    change_venue: ({ session, step, how }) => {
      const controller = this.#session(session);
      return how.kind === "file"
        ? this.#changes.takeFile(controller)
        : this.#changes.takeModel(controller, step, how.model);
    },
    withdraw: ({ session, of }) => this.#session(session).adjust({ kind: "withdraw", of }),
    skip_step: ({ session, step }) => this.#session(session).adjust({ kind: "skip", step }),
    do_again: async ({ session, step }) => {
      const controller = this.#session(session);
      this.#sessions.show(await startFork(this.#sessions, controller, step, (definition) => definition));
    },
    resolve_suggestion: ({ session, id, how }) => {
      const controller = this.#session(session);
      const open = controller.view.suggestions.find((one) => one.id === id);
      const adjustment =
        how.kind === "apply" && how.text !== undefined && open?.adjustment !== undefined
          ? withText(open.adjustment, how.text)
          : undefined;
      const decision = how.kind === "apply" ? ("taken" as const) : ("dismissed" as const);
      const submit = () =>
        controller.submit({
          kind: "resolve_suggestion",
          id,
          decision,
          by: "person",
          ...defined({ adjustment }),
        });
      // Retrying a step lets the session continue.
      return decision === "taken" && open?.adjustment?.kind === "retry"
        ? this.#sessions.goOn(controller, submit)
        : submit();
    },
    raise_limit: ({ session, limit, value }) => {
      const controller = this.#session(session);
      return this.#sessions.goOn(controller, () => controller.raiseLimit(limit, value));
    },
    steer: ({ session, what }) => {
      const controller = this.#session(session);
      return what === "resume" ? this.#sessions.resume(controller) : controller.adjust({ kind: what });
    },
    set_role: ({ session, role, enabled }) =>
      this.#session(session).adjust({ kind: enabled ? "enable" : "disable", role }),
    open_prompt: async ({ session, id }) => {
      const controller = this.#session(session);
      const asked = controller.view.approvals.find((approval) => approval.id === id);
      if (asked?.prompt === undefined) return;
      await this.#openText(`prompt of ${asked.step}.md`, await wholePrompt(controller, asked.prompt));
    },
    run_flow: ({ folder, path }) =>
      vscode.commands.executeCommand(
        commandIds.runFlow,
        vscode.Uri.joinPath(vscode.Uri.parse(folder, true), path),
      ),
    open: ({ what }) => this.#places[what](),
  };

  readonly #places: Readonly<Record<Extract<ConductorRequest, { type: "open" }>["what"], () => unknown>> = {
    pick_flow: () => vscode.commands.executeCommand(commandIds.runFlow),
    adjust: () => vscode.commands.executeCommand(commandIds.adjustSession),
    fork: () => vscode.commands.executeCommand(commandIds.forkSession),
    artifacts: () => vscode.commands.executeCommand(commandIds.reviewArtifacts),
    venue: () => vscode.commands.executeCommand(commandIds.selectVenue),
    events: () => vscode.commands.executeCommand(commandIds.openSession),
    new_flow: () => vscode.commands.executeCommand(commandIds.newFlow),
    write_sample: () => vscode.commands.executeCommand(commandIds.writeSample),
    import: () => vscode.commands.executeCommand(commandIds.importFlow),
    open_folder: () => vscode.commands.executeCommand("workbench.action.files.openFolder"),
    trust: () => vscode.commands.executeCommand("workbench.trust.manage"),
    log: () => vscode.commands.executeCommand("workbench.action.output.toggleOutput"),
  };

  /** What the view shows may be answered only while it is still shown. */
  #session(id: string): SessionController {
    const { current } = this.#sessions;
    if (current?.id !== id)
      throw new OrketError("command_refused", "The view shows another session now.", { hint: "Look again." });
    ensureTrusted();
    return current;
  }

  #stream(controller: SessionController, part: StreamPart): void {
    if (controller !== this.#sessions.current) return;
    this.#parts.take(part);
    this.#streams.request();
  }

  async #postStreams(): Promise<void> {
    const session = this.#sessions.current?.id;
    // Text streamed before the session's first screen is sent with that screen.
    if (session === undefined || session !== this.#shown) return;
    const parts = this.#parts.drain();
    if (parts.length === 0) return;
    await this.#send({ type: "stream", session, parts });
  }

  async #post(type: "screen" | "update"): Promise<void> {
    await this.#postScreen(type);
    const about = this.#about;
    if (about === undefined || !this.#ready) return;
    this.#about = undefined;
    await this.#send({ type: "focus", about });
  }

  async #postScreen(type: "screen" | "update"): Promise<void> {
    if (!this.#ready || this.#view === undefined) return;
    const { current } = this.#sessions;
    const screen = await this.#screen(current);
    if (type === "update" && current?.id === this.#shown) {
      await this.#send({ type, screen });
      return;
    }
    this.#shown = current?.id;
    // From here until the message is sent, nothing may stream; it would be shown twice.
    this.#parts.drain();
    await this.#send({ type: "screen", screen, streams: current?.streams ?? {} });
  }

  async #screen(current: SessionController | undefined): Promise<ConductorScreen> {
    const session =
      current === undefined
        ? null
        : await sessionScreen(current, this.#texts, Date.now(), await this.#changes.waysOf(current));
    const projects = session === null ? await this.#index.all() : [];
    return {
      place: placeNow(),
      ...defined({ venue: this.#venue.name }),
      session,
      flows: projects.flatMap((project) =>
        project.flows(this.#venue.name).map(({ name, path, description, runnable }) => ({
          folder: project.folder.uri.toString(),
          path,
          name,
          runnable,
          ...defined({ description }),
        })),
      ),
    };
  }

  async #send(message: ConductorMessage): Promise<void> {
    if (this.#ready) await this.#view?.webview.postMessage(message);
  }
}

/** A prompt as one text, message by message. */
async function wholePrompt(
  controller: Pick<SessionController, "readText">,
  messages: readonly Message[],
): Promise<string> {
  const parts = await Promise.all(
    messages.map(
      async ({ role, content }) => `<!-- ${role} -->\n\n${(await controller.readText(content)).trimEnd()}\n`,
    ),
  );
  return parts.join("\n");
}

function placeNow(): ConductorScreen["place"] {
  const folders = vscode.workspace.workspaceFolders ?? [];
  if (folders.length === 0) return "no_folder";
  if (!vscode.workspace.isTrusted) return "untrusted";
  return folders.some(isOnDisk) ? "ready" : "virtual";
}

export function badgeOf(count: number): vscode.ViewBadge | undefined {
  if (count === 0) return undefined;
  return {
    value: count,
    tooltip: count === 1 ? "One thing in Orket needs you" : `${count} things in Orket need you`,
  };
}
