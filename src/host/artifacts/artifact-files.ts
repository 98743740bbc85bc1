import * as vscode from "vscode";
import { isOpenArtifact } from "../../engine/view/session-view";
import type { SessionController } from "../../app/session/controller";
import { isSameBytes } from "../../app/artifact/text";
import type { ErrorPresenter } from "../errors";
import { schemes } from "../ids";
import type { SessionRegistry } from "../session/session-registry";
import { ensureTrusted } from "../trust";
import { proposalPlace, versionPlace } from "./artifact-places";
import type { ProposalPlace } from "./artifact-places";
import { readDraft, removeDraft, saveDraft } from "./drafts";
import { offerNow } from "./review-model";
import type { ReviewModel } from "./review-model";
import { FlatFiles } from "../flat-files";
import { entryOf } from "../../engine/model/entry-of";

/** A file of one of the schemes, in its current state. */
interface Version {
  readonly bytes: Uint8Array;
  readonly isReadonly: boolean;
  /** `Offer.shown` of the proposal; absent where there is nothing to decide. */
  readonly shown?: string;
}

interface Opened extends Version {
  /** Milliseconds; increased when the bytes change, so that editors read them again. */
  readonly mtime: number;
}

const none = new Uint8Array();

/**
 * Artifacts as files. `orket-artifact` holds the versions before and after, which never change. `orket-proposal` is what
 * an acceptance writes: it starts as the team's proposal, merged with the project's own changes; the user's edits
 * are saved beside the session, and are then what is accepted.
 */
export class ArtifactFiles extends FlatFiles implements vscode.FileSystemProvider, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly onDidChangeFile = this.#changed.event;
  readonly #shown = new vscode.EventEmitter<void>();
  /** Fires when an editor was given another state of a proposal. */
  readonly onDidShow = this.#shown.event;
  readonly #sessions: SessionRegistry;
  readonly #model: ReviewModel;
  readonly #opened = new Map<string, Opened>();
  /** What each editor was given, by address: what the user can have seen. */
  readonly #given = new Map<string, string | undefined>();
  readonly #subscriptions: readonly vscode.Disposable[];

  constructor(sessions: SessionRegistry, model: ReviewModel, errors: ErrorPresenter) {
    super();
    this.#sessions = sessions;
    this.#model = model;
    this.#subscriptions = [
      model.onDidChange(() => errors.inBackground(() => this.#follow())),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        this.#opened.delete(uri.toString());
        this.#given.delete(uri.toString());
      }),
    ];
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  /** `Offer.shown` of what the editor shows of a proposal; undefined if it shows none or there is nothing to decide. */
  shownAt(uri: vscode.Uri): string | undefined {
    return this.#given.get(uri.toString());
  }

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined);
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const { bytes, mtime, isReadonly } = await this.#look(uri);
    const permissions = isReadonly ? { permissions: vscode.FilePermission.Readonly } : {};
    return { type: vscode.FileType.File, ctime: 0, mtime, size: bytes.length, ...permissions };
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    const { bytes, shown } = await this.#look(uri);
    const key = uri.toString();
    const isNew = this.#given.get(key) !== shown;
    this.#given.set(key, shown);
    if (isNew) this.#shown.fire();
    return bytes;
  }

  async writeFile(uri: vscode.Uri, content: Uint8Array): Promise<void> {
    ensureTrusted();
    const place = proposalPlace(uri);
    const before = this.#opened.get(uri.toString()) ?? (await this.#look(uri));
    if (place === undefined || before.isReadonly) throw vscode.FileSystemError.NoPermissions(uri);
    const controller = await this.#sessions.openAt(place.directory);
    const shown = this.shownAt(uri) ?? before.shown;
    if (await this.#isProposed(controller, place.path, content, shown))
      await removeDraft(controller, place.path);
    else await saveDraft(controller, place.path, content, shown);
    this.#remember(uri, { ...before, bytes: content });
    this.#model.soon();
  }

  /** Whether the content equals the team's proposal: then the user has no version of their own. */
  async #isProposed(
    controller: SessionController,
    file: string,
    content: Uint8Array,
    shown: string | undefined,
  ): Promise<boolean> {
    const artifact = controller.view.artifacts.find((one) => one.path === file);
    if (artifact === undefined) return false;
    const offer = await offerNow(controller, artifact);
    return offer.kind !== "conflict" && offer.shown === shown && isSameBytes(offer.result, content);
  }

  /** Rereads the open documents without unsaved changes; also refreshes the gutter, whose texts are in no editor. */
  async #follow(): Promise<void> {
    const dirty = new Set(
      vscode.workspace.textDocuments.filter(({ isDirty }) => isDirty).map(({ uri }) => uri.toString()),
    );
    for (const key of [...this.#opened.keys()]) {
      const uri = vscode.Uri.parse(key);
      if (uri.scheme === schemes.proposal && !dirty.has(key)) await this.reload(uri);
    }
  }

  /** Rereads a proposal, whatever the editor holds. */
  async reload(uri: vscode.Uri): Promise<void> {
    const before = this.#opened.get(uri.toString());
    if (before === undefined) return;
    const now = await this.#look(uri).catch(() => before);
    if (now.mtime !== before.mtime || now.isReadonly !== before.isReadonly || now.shown !== before.shown)
      this.#changed.fire([{ type: vscode.FileChangeType.Changed, uri }]);
  }

  async #look(uri: vscode.Uri): Promise<Opened> {
    const version = await this.#version(uri);
    if (version === undefined) throw vscode.FileSystemError.FileNotFound(uri);
    return this.#remember(uri, version);
  }

  #remember(uri: vscode.Uri, version: Version): Opened {
    const before = this.#opened.get(uri.toString());
    const isSame =
      before !== undefined &&
      isSameBytes(before.bytes, version.bytes) &&
      before.isReadonly === version.isReadonly &&
      before.shown === version.shown;
    const mtime = isSame ? before.mtime : Math.max(Date.now(), (before?.mtime ?? 0) + 1);
    const opened = { ...version, mtime };
    this.#opened.set(uri.toString(), opened);
    return opened;
  }

  async #version(uri: vscode.Uri): Promise<Version | undefined> {
    const fixed = versionPlace(uri);
    if (fixed !== undefined) {
      const { content, directory } = fixed;
      if (content === null) return { bytes: none, isReadonly: true };
      const controller = await this.#sessions.openAt(directory);
      return { bytes: await controller.readBytes(content), isReadonly: true };
    }
    const place = proposalPlace(uri);
    return place === undefined ? undefined : this.#proposal(place);
  }

  async #proposal({ directory, path: file }: ProposalPlace): Promise<Version | undefined> {
    const controller = await this.#sessions.openAt(directory);
    const artifact = controller.view.artifacts.find((one) => one.path === file);
    if (artifact === undefined) return undefined;
    if (!isOpenArtifact(artifact)) return decidedVersion(controller, file, artifact.content);
    const draft = await readDraft(controller, file);
    const offer = await offerNow(controller, artifact);
    const { shown } = offer;
    if (draft !== undefined) return { bytes: draft.content, isReadonly: false, shown: draft.shown ?? shown };
    // A conflict is resolved in a file with markers; a deletion has nothing to edit.
    if (offer.kind === "conflict") return { bytes: offer.proposed ?? none, isReadonly: true, shown };
    return { bytes: offer.result ?? none, isReadonly: offer.result === null, shown };
  }
}

async function decidedVersion(
  controller: SessionController,
  file: string,
  proposed: Parameters<SessionController["readBytes"]>[0] | null,
): Promise<Version> {
  const last = entryOf(controller.state.acceptances, file)?.at(-1);
  const content = last === undefined ? proposed : last.content;
  return { bytes: content === null ? none : await controller.readBytes(content), isReadonly: true };
}
