import path from "node:path";
import * as vscode from "vscode";
import { nodeEnvironment } from "../../adapters/journal/environment";
import { artifactOffer } from "../../app/artifact/project-offer";
import type { OfferSource, ProjectOffer } from "../../app/artifact/project-offer";
import { reviewRows } from "../../app/artifact/review-rows";
import type { ReviewRow } from "../../app/artifact/review-rows";
import { CheckReader, uncheckedPaths } from "../../app/session/checks";
import type { SessionController } from "../../app/session/controller";
import type { ArtifactView } from "../../engine/view/session-view";
import { contextKeys } from "../ids";
import type { SessionRegistry } from "../session/session-registry";
import { proposalUri } from "./artifact-places";
import { draftPlace, hasDraft } from "./drafts";
import { EditorDesk } from "./editor-desk";
import { joined } from "./joined";

/** How long the project must be quiet before it is compared again, in milliseconds. */
const quietMs = 150;
const pieceEvents = 500;

/** The data from which this window makes a session's offers. */
function offerSourceOf(controller: SessionController): OfferSource {
  return {
    state: controller.state,
    workDomain: controller.workDomain,
    fs: nodeEnvironment.fs,
    desk: new EditorDesk(controller.workDomain),
    readBytes: (ref) => controller.readBytes(ref),
  };
}

/** What an artifact would write to the current project, with the editors' unsaved changes. */
export function offerNow(controller: SessionController, artifact: ArtifactView): Promise<ProjectOffer> {
  return artifactOffer(offerSourceOf(controller), artifact);
}

/** The artifacts of the current session, compared with the current project and the editors' unsaved changes. */
export class ReviewModel implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changed.event;
  readonly #sessions: SessionRegistry;
  readonly #subscriptions: vscode.Disposable[];
  readonly #checks = new WeakMap<SessionController, { reader: CheckReader; at: number }>();
  #rows: readonly ReviewRow[] = [];
  #drafts: ReadonlySet<string> = new Set();
  #of: SessionController | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #round = joined(() => this.#compare());
  #seen = "";

  constructor(sessions: SessionRegistry) {
    this.#sessions = sessions;
    const files = vscode.workspace.createFileSystemWatcher("**/*");
    const look = (uri: vscode.Uri): void => this.#fileChanged(uri);
    this.#subscriptions = [
      files,
      files.onDidChange(look),
      files.onDidCreate(look),
      files.onDidDelete(look),
      vscode.workspace.onDidChangeTextDocument(({ document }) => look(document.uri)),
      sessions.onDidChange(() => this.#sessionChanged()),
    ];
    this.#sessionChanged();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  get controller(): SessionController | undefined {
    return this.#of;
  }

  /** Empty until the project has been compared. */
  get rows(): readonly ReviewRow[] {
    return this.#of === this.#sessions.current ? this.#rows : [];
  }

  rowOf(controller: SessionController, file: string): ReviewRow | undefined {
    return this.#of === controller ? this.#rows.find(({ artifact }) => artifact.path === file) : undefined;
  }

  /** Whether the user has their own version of an open artifact. */
  hasVersion(controller: SessionController, file: string): boolean {
    return this.#of === controller && this.#drafts.has(file);
  }

  /** Compares immediately. */
  refresh(): Promise<void> {
    clearTimeout(this.#timer);
    return this.#round();
  }

  /** Compares once nothing has changed for a moment. */
  soon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.refresh(), quietMs);
  }

  #sessionChanged(): void {
    const { current } = this.#sessions;
    // A second decision about a part of a file does not change its view.
    const key =
      current === undefined
        ? ""
        : `${current.directory} ${JSON.stringify([current.view.artifacts, current.state.decisions])}`;
    if (key === this.#seen) return;
    this.#seen = key;
    this.soon();
  }

  #fileChanged(uri: vscode.Uri): void {
    const { scheme, fsPath } = uri;
    const { current } = this.#sessions;
    if (current === undefined || scheme !== "file") return;
    const draft = draftPlace(uri);
    const file = draft?.path ?? path.relative(current.workDomain, fsPath).split(path.sep).join("/");
    if (current.view.artifacts.some((artifact) => artifact.path === file)) this.soon();
  }

  async #compare(): Promise<void> {
    const { current } = this.#sessions;
    if (current === undefined || current.view.artifacts.length === 0) {
      this.#show(current, [], new Set());
      return;
    }
    const unchecked = await this.#unchecked(current);
    const rows = await reviewRows(offerSourceOf(current), current.view.artifacts, unchecked);
    const drafts = new Set<string>();
    for (const { artifact, open } of rows)
      if (open && (await hasDraft(current, artifact.path))) drafts.add(artifact.path);
    this.#show(current, rows, drafts);
  }

  #show(
    controller: SessionController | undefined,
    rows: readonly ReviewRow[],
    drafts: ReadonlySet<string>,
  ): void {
    this.#of = controller;
    this.#rows = rows;
    this.#drafts = drafts;
    const own =
      controller === undefined ? [] : [...drafts].map((file) => proposalUri(controller, file).toString());
    void vscode.commands.executeCommand("setContext", contextKeys.ownVersions, own);
    this.#changed.fire();
  }

  async #unchecked(controller: SessionController): Promise<Set<string>> {
    const known = this.#checks.get(controller) ?? { reader: new CheckReader(), at: 0 };
    this.#checks.set(controller, known);
    while (known.at < controller.total) {
      const events = await controller.readEvents(known.at, pieceEvents);
      if (events.length === 0) break;
      known.reader.read(events);
      known.at += events.length;
    }
    return uncheckedPaths(known.reader.checks);
  }
}
