import { EventIndex } from "../../app/panel/event-index";
import { firstRows, keptFromEvents } from "../../app/panel/first-screen";
import type { FirstScreen } from "../../app/panel/first-screen";
import { readablePartText } from "../../app/panel/part-text";
import { StepDirectory } from "../../app/panel/step-facts";
import { SessionSurvey } from "../../app/panel/survey";
import { transcriptRows } from "../../app/panel/transcript-rows";
import type { SessionController } from "../../app/session/controller";
import { eventWords } from "../../engine/view/event-kind";
import { eventTexts } from "../../engine/view/event-texts";
import { sessionWords } from "../../engine/view/session-label";
import { maxRows, noFilter } from "../../protocol/session-panel";
import type {
  ArtifactRow,
  EventDetails,
  PanelMessage,
  StreamInfo,
  TranscriptRow,
} from "../../protocol/session-panel";
import type { PanelRequest } from "../../protocol/session-requests";
import { shown } from "../../protocol/shown-text";
import type { ShownText } from "../../protocol/shown-text";
import { Coalescer } from "../webview/coalesce";
import { StreamParts } from "../webview/stream-parts";

/** How often a panel is told of changes, and sent streamed text, at most, in milliseconds. */
const updateMs = 100;
const streamMs = 50;

/** Requests that only read the session. */
type Read =
  | "ready"
  | "filter"
  | "look"
  | "rows"
  | "transcript"
  | "part"
  | "steps"
  | "timeline"
  | "usage"
  | "details"
  | "ping";

export type FeedHandlers = {
  readonly [T in Read]: (request: Extract<PanelRequest, { type: T }>) => unknown;
};

/** What the feed needs from its panel. */
export interface FeedParts {
  readonly send: (message: PanelMessage) => PromiseLike<unknown>;
  readonly artifacts: () => readonly ArtifactRow[];
  readonly textOf: (error: unknown) => string;
  /** Nobody performs the session, and its whole journal was checked. */
  readonly atRest: () => void;
  /** An error outside of a request. */
  readonly failed: (error: unknown) => void;
}

/** What a session panel shows of its session, live and afterwards. Events stay on the disk until they are viewed. */
export class SessionFeed {
  readonly #controller: SessionController;
  readonly #parts: FeedParts;
  readonly #index: EventIndex;
  readonly #survey: SessionSurvey;
  readonly #updates: Coalescer;
  readonly #streamed = new StreamParts();
  readonly #streams: Coalescer;
  readonly #unlisten: () => void;
  #ready = false;
  #looking = false;
  /** The event to show once the page has loaded. */
  #wanted: number | undefined;
  #proven: readonly string[] = [];
  /** The session's state when its verification was requested. */
  #provenAt = "";
  #steps: StepDirectory | undefined;

  constructor(controller: SessionController, parts: FeedParts) {
    this.#controller = controller;
    this.#parts = parts;
    const failed = (error: unknown): void => this.#fail(error);
    this.#updates = new Coalescer(updateMs, () => this.#postInfo(), failed);
    this.#streams = new Coalescer(streamMs, () => this.#sendStreams(), failed);
    this.#index = new EventIndex(controller);
    this.#survey = new SessionSurvey(controller);
    this.#unlisten = controller.listen({
      streamed: (part) => {
        this.#streamed.take(part);
        this.#streams.request();
      },
    });
  }

  readonly handlers: FeedHandlers = {
    ready: async ({ filter }) => {
      this.#ready = true;
      this.#index.setFilter(filter);
      await this.#postInfo();
      this.#streamed.drain();
      for (const [step, text] of Object.entries(this.#controller.streams))
        this.#streamed.take({ step, text, fresh: true });
      await this.#sendStreams();
      if (this.#wanted !== undefined) await this.reveal(this.#wanted);
    },
    filter: ({ filter }) => {
      this.#index.setFilter(filter);
      return this.#postInfo();
    },
    look: ({ on }) => {
      this.#index.look(on);
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
    steps: ({ text }) => this.#send({ type: "steps", text, ...this.#directory.matching(text) }),
    timeline: async ({ from, to, columns }) => {
      await this.#survey.advance();
      await this.#send({ type: "timeline", screen: this.#survey.timeline(from, to, columns) });
    },
    usage: async () => {
      await this.#survey.advance();
      await this.#send({ type: "usage", screen: this.#survey.usage(this.#controller.state) });
    },
    details: async ({ seq }) => {
      const details = await this.#details(seq);
      if (details !== undefined) await this.#send({ type: "details", details });
    },
    ping: () => this.#postInfo(),
  };

  /** Something about the session has changed. */
  changed(): void {
    this.#updates.request();
  }

  /** What was proven may not hold any more: it is verified again. */
  changedOnDisk(): void {
    this.#provenAt = "";
    this.#updates.request();
  }

  /** Shows an event; clears the filter. */
  async reveal(seq: number): Promise<void> {
    this.#wanted = this.#ready ? undefined : seq;
    if (!this.#ready) return;
    this.#index.setFilter(noFilter);
    await this.#postInfo();
    await this.#send({ type: "reveal", seq });
  }

  stop(): void {
    this.#index.look(false);
    this.#unlisten();
    this.#updates.stop();
    this.#streams.stop();
  }

  get #directory(): StepDirectory {
    const { view, state } = this.#controller;
    if (this.#steps?.view !== view) this.#steps = new StepDirectory(state, view);
    return this.#steps;
  }

  get #live(): boolean {
    return this.#controller.holder !== "nobody";
  }

  async #sendTranscript(edition: number, from: number, to: number): Promise<void> {
    const index = this.#index;
    if (edition !== index.edition || to <= from) return;
    const last = Math.min(to, from + maxRows, index.matching);
    const entries = await this.#entries(index, from, last);
    if (edition === index.edition) await this.#send({ type: "transcript", edition, from, to: last, entries });
  }

  /** The entries of these places of the filtered list. */
  #entries(index: EventIndex, from: number, to: number): Promise<TranscriptRow[]> {
    const controller = this.#controller;
    const directory = this.#directory;
    const source = {
      total: index.total,
      live: this.#live,
      readEvents: controller.readEvents.bind(controller),
      readText: controller.readText.bind(controller),
      includes: (seq: number) => index.includes(seq),
      stepOf: (key: string) => directory.factsOf(key),
    };
    return transcriptRows(source, index.numbers(from, to), from);
  }

  /** What a new panel shows first of a session at rest whose whole journal was checked; undefined where it is not so. */
  async firstScreen(): Promise<FirstScreen | undefined> {
    const controller = this.#controller;
    if (this.#live || controller.total < keptFromEvents) return undefined;
    await controller.proven();
    if (this.#live || controller.problem !== undefined) return undefined;
    const index = new EventIndex(controller);
    index.setFilter(noFilter);
    const { total } = index;
    const from = Math.max(0, total - firstRows);
    const [rows, entries] = [await index.rows(from, total), await this.#entries(index, from, total)];
    // What became of the files stands in the project, which is not what the journal says.
    return { info: { ...this.#info(index), artifacts: [] }, from, rows, entries };
  }

  async #postInfo(): Promise<void> {
    const index = this.#index;
    const more = !this.#looking && (await index.scan());
    this.#prove();
    if (more) void this.#look();
    await this.#send({ type: "info", info: { ...this.#info(index), proven: this.#proven } });
  }

  #info(index: EventIndex): StreamInfo {
    const controller = this.#controller;
    const { view, problem } = controller;
    const { total, scanned, matching, edition, looks } = index;
    return {
      session: controller.id,
      flow: view.flow,
      status: sessionWords[controller.label],
      live: this.#live,
      total,
      matching,
      edition,
      roles: this.#directory.roles,
      artifacts: this.#parts.artifacts(),
      ...(scanned < total ? { scanned, looks } : {}),
      ...(problem === undefined ? {} : { problem: this.#parts.textOf(problem) }),
    };
  }

  /** Looks through the rest of the events for the filter, and tells the panel how far it is. */
  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      while (await this.#index.scan()) this.#updates.request();
      this.#updates.request();
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#looking = false;
    }
  }

  #fail(error: unknown): void {
    this.#index.look(false);
    this.#parts.failed(error);
  }

  async #sendStreams(): Promise<void> {
    const steps = Object.keys(this.#controller.streams);
    await this.#send({ type: "stream", parts: this.#streamed.drain(), steps });
  }

  /** A running session cannot be verified yet; the journal of one at rest is verified in the background, once. */
  #prove(): void {
    const controller = this.#controller;
    const at = `${this.#live} ${controller.total}`;
    if (at === this.#provenAt) return;
    this.#provenAt = at;
    this.#proven = [];
    if (this.#live) return;
    void controller.proven().then(
      (proven) => {
        if (at !== this.#provenAt) return;
        this.#proven = proven;
        this.#updates.request();
        this.#parts.atRest();
      },
      // A disk error verifies nothing; the next read reports it.
      () => undefined,
    );
  }

  async #details(seq: number): Promise<EventDetails | undefined> {
    const [event] = await this.#controller.readEvents(seq, 1);
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
      const found = await readablePartText(this.#controller, seq, id);
      return found === undefined ? undefined : shown(found.text);
    } catch (error) {
      return { text: `[${this.#parts.textOf(error)}]` };
    }
  }

  async #send(message: PanelMessage): Promise<void> {
    if (this.#ready) await this.#parts.send(message);
  }
}
