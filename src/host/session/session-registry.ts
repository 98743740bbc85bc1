import path from "node:path";
import * as vscode from "vscode";
import type { LiveSession, RuntimeOptions } from "../../app/session/session";
import { searchFolders } from "../../adapters/command/environment";
import { findRipgrep, ripgrepFolders } from "../../adapters/files/ripgrep";
import { nodeEnvironment } from "../../adapters/journal/environment";
import { listSessions } from "../../app/session/session-list";
import type { SessionSummary } from "../../app/session/session-list";
import { OrketError } from "../../engine/error/orket-error";
import type { Definition } from "../../engine/model/definition";
import type { StreamPart } from "../../protocol/conductor";
import { foldersOnDisk } from "./on-disk";
import { workDomainOf } from "../../adapters/journal/layout";
import { SessionController } from "../../app/session/controller";

declare const ORKET_VERSION: string;

/** How long the disk must be quiet before it is read again. */
const quietMs = 300;

/** How often the current session is checked, in milliseconds, for changes that the file system did not report. */
const lookMs = 2000;

/** What the editor provides to every session. */
export type SessionServices = Pick<
  RuntimeOptions,
  | "resolveSecret"
  | "confirmKey"
  | "confirmForeign"
  | "vscodeLm"
  | "external"
  | "features"
  | "mesh"
  | "slots"
  | "commands"
>;

/** A session of one of the open folders. */
export interface ListedSession extends SessionSummary {
  readonly folder: vscode.WorkspaceFolder;
}

/** All sessions of the open folders: which are open, and which one the views show. */
export class SessionRegistry implements vscode.Disposable {
  readonly #controllers = new Map<string, SessionController>();
  readonly #opening = new Map<string, Promise<SessionController>>();
  readonly #changed = new vscode.EventEmitter<SessionController | undefined>();
  readonly #streamed = new vscode.EventEmitter<{ controller: SessionController; part: StreamPart }>();
  readonly #failed = new vscode.EventEmitter<{ controller: SessionController; error: unknown }>();
  readonly #watchers: vscode.Disposable;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #current: SessionController | undefined;
  #listed: Promise<readonly ListedSession[]> | undefined;

  /** A session changed, or another is shown (`undefined`: the list itself changed). */
  readonly onDidChange = this.#changed.event;
  readonly onDidStream = this.#streamed.event;
  readonly onDidFail = this.#failed.event;

  /** Whether a session may resume as it is; the host sets its question here. */
  mayResume: (controller: SessionController) => Promise<boolean> = () => Promise.resolve(true);
  readonly #services: SessionServices;
  readonly #ripgrep = new Map<string, string | undefined>();

  constructor(services: SessionServices) {
    this.#services = services;
    const journals = vscode.workspace.createFileSystemWatcher("**/.orket/sessions/*/journal.jsonl");
    const look = (uri: vscode.Uri): void => this.#journalChanged(path.dirname(uri.fsPath));
    journals.onDidCreate(look);
    journals.onDidChange(look);
    journals.onDidDelete(look);
    // Files that another process puts into a new folder may appear too early to be noticed.
    const folders = vscode.workspace.createFileSystemWatcher(
      "{**/.orket,**/.orket/sessions,**/.orket/sessions/*}",
      false,
      true,
    );
    const relist = (uri: vscode.Uri): void => this.#whenQuiet(uri.fsPath, () => this.relist());
    folders.onDidCreate(relist);
    folders.onDidDelete(relist);
    const looking = setInterval(() => void this.#current?.notice().catch(() => undefined), lookMs);
    this.#watchers = vscode.Disposable.from(journals, folders, { dispose: () => clearInterval(looking) });
  }

  /** The session that the conductor view and the artifacts show. */
  get current(): SessionController | undefined {
    return this.#current;
  }

  /** The version that sessions run with here. */
  readonly engineVersion = ORKET_VERSION;

  get open(): readonly SessionController[] {
    return [...this.#controllers.values()];
  }

  show(controller: SessionController | undefined): void {
    this.#current = controller;
    this.#changed.fire(controller);
  }

  /** Newest first. */
  list(): Promise<readonly ListedSession[]> {
    return (this.#listed ??= this.#readList());
  }

  async #readList(): Promise<readonly ListedSession[]> {
    const lists = await Promise.all(
      foldersOnDisk().map(async (folder) =>
        (await listSessions(nodeEnvironment.fs, folder.uri.fsPath, nodeEnvironment.marks)).map((summary) => ({
          ...summary,
          folder,
        })),
      ),
    );
    return lists.flat().sort((a, b) => (a.startedAt < b.startedAt ? 1 : a.startedAt > b.startedAt ? -1 : 0));
  }

  /** Starts a session in a folder and shows it. */
  async start(definition: Definition, folder: vscode.WorkspaceFolder): Promise<SessionController> {
    const controller = await SessionController.start(definition, this.optionsFor(folder.uri.fsPath));
    this.#add(controller);
    this.#listed = undefined;
    this.show(controller);
    return controller;
  }

  /** Starts a session that derives from another one, and shows it. */
  async startWith(
    workDomain: string,
    make: (options: RuntimeOptions) => Promise<LiveSession>,
  ): Promise<SessionController> {
    const options = this.optionsFor(workDomain);
    const controller = await SessionController.adopt(await make(options), options);
    this.#add(controller);
    this.#listed = undefined;
    this.show(controller);
    return controller;
  }

  /** Asks what must be asked first, and resumes a session. @throws {OrketError} */
  resume(controller: SessionController): Promise<void> {
    return this.goOn(controller, () => controller.resume());
  }

  /** Does the work with which a session continues; one at rest is first checked for whether it may. @throws {OrketError} */
  async goOn(controller: SessionController, work: () => Promise<void>): Promise<void> {
    if (controller.holder === "here" || (await this.mayResume(controller))) await work();
  }

  /** Something other than the journals has changed, such as a title: rereads the list. */
  relist(): void {
    this.#listed = undefined;
    this.#changed.fire(undefined);
  }

  /** Forgets a session that was deleted from the disk. */
  async forget(directory: string): Promise<void> {
    const controller = this.#controllers.get(directory);
    this.#controllers.delete(directory);
    if (this.#current === controller) this.#current = undefined;
    this.relist();
    await controller?.dispose();
  }

  /** Opens a session by its folder, once. @throws {OrketError} */
  async openAt(directory: string): Promise<SessionController> {
    const known = this.#controllers.get(directory);
    if (known !== undefined) return known;
    const opening = this.#opening.get(directory) ?? this.#read(directory);
    this.#opening.set(directory, opening);
    try {
      return await opening;
    } finally {
      this.#opening.delete(directory);
    }
  }

  async #read(directory: string): Promise<SessionController> {
    const controller = await SessionController.read(directory, this.optionsFor(workDomainOf(directory)));
    this.#add(controller);
    return controller;
  }

  /** Opens a session by its id. @throws {OrketError} session_not_found */
  async openById(id: string): Promise<SessionController> {
    const known = this.open.find((controller) => controller.id === id);
    if (known !== undefined) return known;
    const listed = (await this.list()).find((summary) => summary.id === id);
    if (listed === undefined) {
      throw new OrketError("session_not_found", `The session ${id} is not in the folders that are open.`);
    }
    return this.openAt(listed.path);
  }

  async dispose(): Promise<void> {
    this.#watchers.dispose();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    await Promise.allSettled(this.open.map((controller) => controller.dispose()));
  }

  /** VS Code's own ripgrep, or one on the PATH. */
  #ripgrepFor(workDomain: string): string | undefined {
    if (!this.#ripgrep.has(workDomain)) {
      const folders = [...ripgrepFolders(vscode.env.appRoot), ...searchFolders(process.env)];
      this.#ripgrep.set(workDomain, findRipgrep(folders, workDomain));
    }
    return this.#ripgrep.get(workDomain);
  }

  /** The options with which a session of the folder runs. */
  optionsFor(workDomain: string): RuntimeOptions {
    return {
      workDomain,
      startDirectory: workDomain,
      engineVersion: this.engineVersion,
      startedBy: "editor",
      ripgrep: this.#ripgrepFor(workDomain),
      ...this.#services,
    };
  }

  #add(controller: SessionController): void {
    this.#controllers.set(controller.directory, controller);
    let status = statusKey(controller);
    controller.listen({
      changed: () => {
        // The list reads files: only when what it shows has changed.
        if (status !== (status = statusKey(controller))) this.#listed = undefined;
        this.#changed.fire(controller);
      },
      streamed: (part) => this.#streamed.fire({ controller, part }),
      failed: (error) => this.#failed.fire({ controller, error }),
    });
  }

  /** A journal was written, perhaps by another process: checks again when it is quiet. */
  #journalChanged(directory: string): void {
    const controller = this.#controllers.get(directory);
    if (controller?.holder === "here") return;
    this.#whenQuiet(directory, () => {
      if (controller === undefined) return this.relist();
      this.#listed = undefined;
      void controller.refresh().catch(() => this.#changed.fire(undefined));
    });
  }

  /** Does only the last work requested for a path, once no more has been requested for a moment. */
  #whenQuiet(about: string, work: () => void): void {
    clearTimeout(this.#timers.get(about));
    this.#timers.set(
      about,
      setTimeout(() => {
        this.#timers.delete(about);
        work();
      }, quietMs),
    );
  }
}

function statusKey({ label, holder }: SessionController): string {
  return `${label} ${holder}`;
}
