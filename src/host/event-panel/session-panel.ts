import * as vscode from "vscode";
import { maxRows, noFilter } from "../../protocol/session-panel";
import { panelRequestSchema } from "../../protocol/session-requests";
import type { EventDetails, PanelMessage } from "../../protocol/session-panel";
import type { PanelRequest } from "../../protocol/session-requests";
import { shown } from "../../protocol/shown-text";
import type { ShownText } from "../../protocol/shown-text";
import { defined } from "../../engine/model/defined";
import { OrketError } from "../../engine/error/orket-error";
import { eventWords } from "../../engine/view/event-kind";
import { eventTexts } from "../../engine/view/event-texts";
import { sessionWords } from "../../engine/view/session-label";
import { EventIndex } from "../../app/panel/event-index";
import { partText, readablePartText } from "../../app/panel/part-text";
import { StepDirectory } from "../../app/panel/step-facts";
import { SessionSurvey } from "../../app/panel/survey";
import { transcriptRows } from "../../app/panel/transcript-rows";
import type { SessionController } from "../../app/session/controller";
import { panelTypes } from "../ids";
import { Coalescer } from "../webview/coalesce";
import { artifactCommands, artifactRows } from "./artifact-rows";
import { Comparison } from "./comparison";
import type { PanelParts } from "./panel-parts";
import { openWritten } from "./written-file";

type Handlers = {
  readonly [T in PanelRequest["type"]]: (request: Extract<PanelRequest, { type: T }>) => unknown;
};

/** The editor panel of one session: its events, live and afterwards. Events stay on the disk until they are viewed. */
export class SessionPanel {
  readonly #index: EventIndex;
  readonly #survey: SessionSurvey;
  readonly #comparison: Comparison;
  readonly #updates = new Coalescer(100, () => this.#postInfo());
  readonly #subscription: vscode.Disposable;
  readonly #parts: PanelParts;
  #ready = false;
  /** The event to show once the page has loaded. */
  #wanted: number | undefined;
  #proven: readonly string[] = [];
  /** The session's state when its verification was requested. */
  #provenAt = "";
  #steps: StepDirectory | undefined;

  constructor(
    readonly panel: vscode.WebviewPanel,
    readonly controller: SessionController,
    parts: PanelParts,
  ) {
    this.#parts = parts;
    this.#index = new EventIndex(controller);
    this.#survey = new SessionSurvey(controller);
    this.#comparison = new Comparison(controller, parts);
    this.#subscription = vscode.Disposable.from(
      parts.model.onDidChange(() => this.#updates.request()),
      parts.sessions.onDidChange((changed) => {
        if (changed === undefined) this.#provenAt = "";
        if (changed === undefined || changed === controller) this.#updates.request();
      }),
    );
    panel.webview.onDidReceiveMessage((message: unknown) => this.#receive(message));
    panel.onDidDispose(() => {
      this.#updates.stop();
      this.#subscription.dispose();
    });
  }

  #receive(message: unknown): void {
    const { errors } = this.#parts;
    const parsed = panelRequestSchema.safeParse(message);
    if (!parsed.success) {
      void errors.show(
        new OrketError("internal", `The session panel sent an invalid message: ${parsed.error.message}`, {
          hint: "Close the panel and open it again; if it happens again, report it with the log.",
        }),
      );
      return;
    }
    const handle = this.#handlers[parsed.data.type] as (request: PanelRequest) => unknown;
    void errors.guard(() => handle(parsed.data));
  }

  readonly #handlers: Handlers = {
    ready: async ({ filter }) => {
      this.#ready = true;
      this.#index.setFilter(filter);
      await this.#postInfo();
      if (this.#wanted !== undefined) await this.reveal(this.#wanted);
    },
    filter: ({ filter }) => {
      this.#index.setFilter(filter);
      return this.#postInfo();
    },
    rows: async ({ edition, from, to }) => {
      if (edition !== this.#index.edition || to <= from) return;
      const rows = await this.#index.rows(from, Math.min(to, from + maxRows));
      await this.#send({ type: "rows", edition, from, rows });
    },
    transcript: ({ edition, from, to }) => this.#sendTranscript(edition, from, to),
    part: async ({ seq, id }) => {
      const found = await this.#textOf(seq, id);
      if (found !== undefined) await this.#send({ type: "part", seq, id, text: found });
    },
    open_part: async ({ seq, id }) => {
      const found = await readablePartText(this.controller, seq, id);
      if (found !== undefined) await this.#parts.reports.show(found.name, found.text);
    },
    copy_part: async ({ seq, id }) => {
      const found = await partText(this.controller, seq, id);
      if (found !== undefined) await vscode.env.clipboard.writeText(found.text);
    },
    diff: ({ seq, path }) => openWritten(this.controller, seq, path),
    steps: ({ text }) => this.#send({ type: "steps", text, ...this.#directory.matching(text) }),
    timeline: async ({ from, to, columns }) => {
      await this.#survey.advance();
      await this.#send({ type: "timeline", screen: this.#survey.timeline(from, to, columns) });
    },
    usage: async () => {
      await this.#survey.advance();
      await this.#send({ type: "usage", screen: this.#survey.usage(this.controller.state) });
    },
    compare: async () => {
      const screen = await this.#comparison.ask();
      if (screen !== undefined) await this.#send({ type: "compare", screen });
    },
    compare_open: ({ step }) => this.#comparison.open(step),
    view: ({ view }) => this.#parts.views.keep(this.controller.id, view),
    details: async ({ seq }) => {
      const details = await this.#details(seq);
      if (details !== undefined) await this.#send({ type: "details", details });
    },
    artifact: ({ action, path, shown: digest }) => {
      const { controller } = this;
      const artifact = controller.view.artifacts.find((one) => one.path === path);
      if (artifact === undefined) return;
      const choice = { controller, artifact, ...defined({ shown: digest }) };
      return vscode.commands.executeCommand(
        artifactCommands[action],
        { choice },
        { from: panelTypes.session },
      );
    },
    copy: ({ text }) => vscode.env.clipboard.writeText(text),
    ping: () => this.#postInfo(),
  };

  /** Shows an event; clears the filter. */
  async reveal(seq: number): Promise<void> {
    this.#wanted = this.#ready ? undefined : seq;
    if (!this.#ready) return;
    this.#index.setFilter(noFilter);
    await this.#postInfo();
    await this.#send({ type: "reveal", seq });
  }

  get #directory(): StepDirectory {
    const { view, state } = this.controller;
    if (this.#steps?.view !== view) this.#steps = new StepDirectory(state, view);
    return this.#steps;
  }

  get #live(): boolean {
    return this.controller.holder !== "nobody";
  }

  async #sendTranscript(edition: number, from: number, to: number): Promise<void> {
    const { controller } = this;
    const index = this.#index;
    if (edition !== index.edition || to <= from) return;
    const last = Math.min(to, from + maxRows, index.matching);
    const directory = this.#directory;
    const source = {
      total: index.total,
      live: this.#live,
      readEvents: controller.readEvents.bind(controller),
      readText: controller.readText.bind(controller),
      includes: (seq: number) => index.includes(seq),
      stepOf: (key: string) => directory.factsOf(key),
    };
    const entries = await transcriptRows(source, index.numbers(from, last), from);
    if (edition === index.edition) await this.#send({ type: "transcript", edition, from, to: last, entries });
  }

  async #postInfo(): Promise<void> {
    const { controller } = this;
    const index = this.#index;
    await index.scan();
    this.#prove();
    const { view, problem } = controller;
    const { total, scanned, matching, edition } = index;
    await this.#send({
      type: "info",
      info: {
        session: controller.id,
        flow: view.flow,
        status: sessionWords[controller.label],
        live: this.#live,
        total,
        matching,
        edition,
        roles: this.#directory.roles,
        artifacts: artifactRows(controller, this.#parts.model),
        proven: this.#proven,
        ...(scanned < total ? { scanned } : {}),
        ...(problem === undefined ? {} : { problem: this.#parts.errors.textOf(problem) }),
      },
    });
    if (scanned < total) this.#updates.request();
  }

  /** A running session cannot be verified yet; the journal of one at rest is verified in the background, once. */
  #prove(): void {
    const { controller } = this;
    const resting = controller.holder === "nobody";
    const at = `${resting} ${controller.total}`;
    if (at === this.#provenAt) return;
    this.#provenAt = at;
    this.#proven = [];
    if (!resting) return;
    void controller.proven().then(
      (proven) => {
        if (at !== this.#provenAt) return;
        this.#proven = proven;
        this.#updates.request();
      },
      // A disk error verifies nothing; the next read reports it.
      () => undefined,
    );
  }

  async #details(seq: number): Promise<EventDetails | undefined> {
    const [event] = await this.controller.readEvents(seq, 1);
    if (event === undefined) return undefined;
    const texts = await Promise.all(
      eventTexts(event).flatMap(({ id, label, repeats }) =>
        repeats === undefined
          ? [this.#textOf(seq, id).then((text = { text: "" }) => ({ id, label, text }))]
          : [],
      ),
    );
    const { at, type, step } = event;
    return { seq, at, type, words: eventWords(type), step, json: JSON.stringify(event.data, null, 2), texts };
  }

  /** A text for display; one that cannot be read says why. */
  async #textOf(seq: number, id: string): Promise<ShownText | undefined> {
    try {
      const found = await readablePartText(this.controller, seq, id);
      return found === undefined ? undefined : shown(found.text);
    } catch (error) {
      return { text: `[${this.#parts.errors.textOf(error)}]` };
    }
  }

  async #send(message: PanelMessage): Promise<void> {
    if (this.#ready) await this.panel.webview.postMessage(message);
  }
}
