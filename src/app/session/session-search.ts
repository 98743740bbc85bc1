import { isInline } from "../../engine/event/content";
import type { BlobRef, Content } from "../../engine/event/content";
import type { SessionEvent } from "../../engine/event/event";
import type { Cancellation } from "../../engine/port/cancellation";
import { unlessMissing } from "../../adapters/files/file-system";
import type { FileSystem } from "../../adapters/files/file-system";
import { BlobReader } from "../../adapters/journal/blob-store";
import { readJournal } from "../../adapters/journal/journal-reader";
import type { SessionEnvironment } from "../../adapters/journal/jsonl-session-store";
import { sessionPaths } from "../../adapters/journal/layout";
import { listSessions } from "./session-list";
import type { SessionSummary } from "./session-list";

/** Where in a session the text was found. */
export type SearchPlace =
  | "id"
  | "title"
  | "task"
  | "prompt"
  | "reply"
  | "reasoning"
  | "tool_call"
  | "tool_result"
  | "result"
  | "message";

export interface SearchHit {
  readonly place: SearchPlace;
  readonly step: string | null;
  /** Number of the event; null: it is in no event. */
  readonly seq: number | null;
  /** The text around it, on one line. */
  readonly excerpt: string;
}
export interface SessionHits {
  readonly session: SessionSummary;
  /** The first ones. */
  readonly hits: readonly SearchHit[];
}

export interface SearchOptions {
  /** Hits in one session after which the next one is searched. */
  readonly perSession?: number;
  /** Of a longer stored content, only the start is searched. */
  readonly maxContentBytes?: number;
  readonly onProgress?: (done: number, of: number) => void;
  readonly cancellation?: Cancellation;
}

const aroundLength = 40;

/** The first match of the text, with some words around it; undefined: none. */
function excerptOf(text: string, needle: string): string | undefined {
  // Lower case can be longer than the text (İ); then the excerpt is a few characters off, but never outside the text.
  const at = text.toLowerCase().indexOf(needle);
  if (at < 0) return undefined;
  const from = Math.max(0, at - aroundLength);
  const to = Math.min(text.length, at + needle.length + aroundLength);
  const middle = text.slice(from, to).replace(/\s+/g, " ").trim();
  return `${from > 0 ? "…" : ""}${middle}${to < text.length ? "…" : ""}`;
}

interface Text {
  readonly place: SearchPlace;
  readonly content: Content;
}

/** The texts of an event that nothing else in the journal repeats. */
function textsOf(event: SessionEvent): Text[] {
  switch (event.type) {
    case "prompt_built":
      return event.data.added
        .filter(({ role }) => role === "system" || role === "user")
        .map(({ content }) => ({ place: "prompt", content }));
    case "model_call_end": {
      const { reply, reasoning } = event.data;
      const texts: Text[] = [{ place: "reply", content: reply }];
      if (reasoning !== undefined) texts.push({ place: "reasoning", content: reasoning });
      return texts;
    }
    case "tool_call":
      return [{ place: "tool_call", content: event.data.args }];
    case "tool_result":
      return [{ place: "tool_result", content: event.data.content }];
    case "step_end":
      return [{ place: "result", content: event.data.summary }];
    case "tool_denied":
    case "model_call_failed":
    case "step_failed":
      return [{ place: "message", content: { text: event.data.message } }];
    case "approval_resolved":
      return [event.data.instruction, event.data.comment].flatMap((text) =>
        text === undefined ? [] : [{ place: "message" as const, content: { text } }],
      );
    default:
      return [];
  }
}

/** Searches sessions; a content that many of them name is read once. */
class Search {
  /** What was found in a content; null: nothing. */
  readonly #contents = new Map<string, string | null>();
  readonly #fs: FileSystem;
  readonly #needle: string;
  readonly #perSession: number;
  readonly #maxContentBytes: number;

  constructor(fs: FileSystem, needle: string, perSession: number, maxContentBytes: number) {
    this.#fs = fs;
    this.#needle = needle;
    this.#perSession = perSession;
    this.#maxContentBytes = maxContentBytes;
  }

  async session(session: SessionSummary): Promise<SearchHit[]> {
    const hits: SearchHit[] = [];
    const paths = sessionPaths(session.path);
    this.#plain(hits, "id", session.id);
    if (session.title !== undefined) this.#plain(hits, "title", session.title);
    this.#plain(hits, "task", await this.#task(paths.definition));
    const places = new Map<string, { readonly ref: BlobRef; readonly where: Omit<SearchHit, "excerpt"> }>();
    // Damage ends the scan, not the search: matches before it are found.
    const look = (event: SessionEvent): void => {
      const { seq, step } = event;
      if (hits.length >= this.#perSession) return;
      for (const { place, content } of textsOf(event)) {
        if (!isInline(content)) {
          if (!places.has(content.sha256))
            places.set(content.sha256, { ref: content, where: { place, step, seq } });
          continue;
        }
        const excerpt = excerptOf(content.text, this.#needle);
        if (excerpt !== undefined) hits.push({ place, step, seq, excerpt });
      }
    };
    await unlessMissing(
      readJournal(this.#fs, paths.journal, { take: (events) => events.forEach(look) }),
      undefined,
    );
    const contents = new BlobReader(this.#fs, paths);
    for (const { ref, where } of places.values()) {
      if (hits.length >= this.#perSession) break;
      const excerpt = await this.#content(contents, ref);
      if (excerpt !== null) hits.push({ ...where, excerpt });
    }
    return hits.slice(0, this.#perSession).sort((a, b) => (a.seq ?? -1) - (b.seq ?? -1));
  }

  #plain(hits: SearchHit[], place: SearchPlace, text: string): void {
    const excerpt = excerptOf(text, this.#needle);
    if (excerpt !== undefined) hits.push({ place, step: null, seq: null, excerpt });
  }

  async #task(definition: string): Promise<string> {
    try {
      const value = JSON.parse((await this.#fs.readFile(definition)).toString("utf8")) as {
        flow?: { task?: unknown };
      };
      return typeof value.flow?.task === "string" ? value.flow.task : "";
    } catch {
      return "";
    }
  }

  async #content(contents: BlobReader, ref: BlobRef): Promise<string | null> {
    const known = this.#contents.get(ref.sha256);
    if (known !== undefined) return known;
    const text = await contents.getText(ref).catch(() => undefined);
    const start = text?.slice(0, this.#maxContentBytes);
    const found = start === undefined ? null : (excerptOf(start, this.#needle) ?? null);
    this.#contents.set(ref.sha256, found);
    return found;
  }
}

/**
 * The sessions that contain a text, ignoring case, newest first: in the id, the title, the task, prompts,
 * replies, tool calls and their results.
 */
export async function* searchSessions(
  { fs }: Pick<SessionEnvironment, "fs">,
  workDomain: string,
  text: string,
  options: SearchOptions = {},
): AsyncGenerator<SessionHits, void, void> {
  const needle = text.toLowerCase();
  if (needle === "") return;
  const { perSession = 3, maxContentBytes = 1 << 20, onProgress, cancellation } = options;
  const search = new Search(fs, needle, perSession, maxContentBytes);
  const sessions = await listSessions(fs, workDomain);
  for (const [index, session] of sessions.entries()) {
    if (cancellation?.aborted === true) return;
    onProgress?.(index, sessions.length);
    const hits = await search.session(session).catch((): SearchHit[] => []);
    if (hits.length > 0) yield { session, hits };
  }
}
