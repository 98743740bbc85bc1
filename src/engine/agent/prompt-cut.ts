import { utf8LengthOf } from "../event/content";
import type { Content } from "../event/content";
import type { Message, Omission } from "../event/event";
import { utf8Length } from "../model/utf8";
import type { Estimate } from "./prompt-tokens";
import { toolBytesOf } from "./prompt-tokens";
import { writtenBy, writtenInText } from "./tool/written";

/** A message of a prompt under construction, with its text loaded. */
export interface Drafted {
  readonly message: Message;
  readonly text: string;
}

export interface CutContext {
  readonly estimate: Estimate;
  /** Maximum number of tokens in the prompt. */
  readonly room: number;
  readonly why: NonNullable<Omission["why"]>;
  readonly getText: (content: Content) => Promise<string>;
  readonly putText: (text: string) => Content;
  /** What the step wrote so far, in words; empty when it wrote nothing. */
  readonly written: string;
  /** The step's own message with fewer reports of other steps, shorter by about that many tokens. */
  readonly shorterHead: (tokens: number) => Promise<{ text: string; omitted: readonly Omission[] }>;
}

/** Prefix of every placeholder text, so that no placeholder is ever replaced again. */
const mark = "[left out to make room:";
const notice = /\n\n\[Left out to make room: your turns 1 to (\d+)[^\n]*\]$/;

/** Smallest text or argument that is worth a placeholder, in bytes. */
const smallest = 300;

/** Share of the room that is always kept, and the share down to which a cut goes at least. */
const leastKept = 0.3;
const mostKept = 0.7;

/** Turns of the recent size that fit again after a cut, so that the beginning of the prompt stays the same for that long. */
const turnsAhead = 12;
/** Newest turns from which the size of a turn is estimated. */
const turnsWeighed = 3;

/**
 * Makes room in a prompt that has become too long: old tool results first, then what the model wrote into files, then whole
 * old turns, oldest first, down to a low-water mark; if that is not enough, reports of distant steps, and finally parts
 * of the newest turn. Never the system message, the task or the instruction. The result may still be too long.
 */
export async function makeRoom(
  all: readonly Drafted[],
  context: CutContext,
): Promise<{ readonly messages: readonly Drafted[]; readonly omitted: readonly Omission[] }> {
  const cut = new Cut(all, context);
  cut.leaveOutResults();
  await cut.leaveOutWrites(false);
  cut.leaveOutTurns();
  await cut.shortenHead();
  await cut.leaveOutWrites(true);
  cut.trimResults();
  return cut.done();
}

class Cut {
  readonly #context: CutContext;
  #messages: Drafted[];
  readonly #omitted = new Map<Omission["what"], Omission & { bytes: number }>();
  readonly #headOmitted: Omission[] = [];
  #bytes: number;
  readonly #low: number;

  constructor(all: readonly Drafted[], context: CutContext) {
    this.#context = context;
    this.#messages = [...all];
    this.#bytes = all.reduce((sum, one) => sum + bytesOf(one), 0);
    this.#low = this.#lowMark();
  }

  /** Leaves room for the turns ahead, as large as the newest turns are on average. */
  #lowMark(): number {
    const { room, estimate } = this.#context;
    const newest = this.#messages.slice(this.#startOfLast(turnsWeighed));
    const bytes = newest.reduce((sum, one) => sum + bytesOf(one), 0);
    const ahead = (turnsAhead * estimate.tokens(bytes)) / turnsWeighed;
    return Math.min(room * mostKept, Math.max(room * leastKept, room - ahead));
  }

  get #tokens(): number {
    return this.#context.estimate.tokens(this.#bytes);
  }

  /** Where the last `turns` turns begin. */
  #startOfLast(turns: number): number {
    let left = turns;
    for (let index = this.#messages.length - 1; index > 1; index -= 1) {
      if (this.#messages[index]?.message.role === "assistant" && (left -= 1) === 0) return index;
    }
    return 2;
  }

  #turnOf(index: number): number {
    const before = Number(notice.exec(this.#messages[1]?.text ?? "")?.[1] ?? 0);
    return (
      before + this.#messages.slice(2, index + 1).filter(({ message }) => message.role === "assistant").length
    );
  }

  #put(index: number, next: Drafted): void {
    const old = this.#messages[index];
    if (old === undefined) return;
    this.#bytes += bytesOf(next) - bytesOf(old);
    this.#messages[index] = next;
  }

  #note(what: Omission["what"], name: string, bytes: number): void {
    const known = this.#omitted.get(what);
    this.#omitted.set(what, {
      what,
      count: (known?.count ?? 0) + 1,
      first: known?.first ?? name,
      last: name,
      why: this.#context.why,
      bytes: (known?.bytes ?? 0) + bytes,
    });
  }

  leaveOutResults(): void {
    const end = this.#startOfLast(1);
    for (let index = 2; index < end && this.#tokens > this.#low; index += 1) {
      const old = this.#messages[index];
      if (old === undefined || old.message.role === "assistant" || old.text.startsWith(mark)) continue;
      const size = utf8Length(old.text);
      const name =
        old.message.role === "tool"
          ? `${old.message.tool} ${old.message.call_id}`
          : `results of turn ${this.#turnOf(index)}`;
      const text = `${mark} ${name}, ${size} bytes]`;
      if (utf8Length(text) >= size) continue;
      this.#note("tool_results", name, size);
      this.#put(index, { message: { ...old.message, content: this.#context.putText(text) }, text });
    }
  }

  /** @param newest whether the newest turn counts too, and only until the prompt fits. */
  async leaveOutWrites(newest: boolean): Promise<void> {
    const end = newest ? this.#messages.length : this.#startOfLast(1);
    const goal = newest ? this.#context.room : this.#low;
    for (let index = 2; index < end && this.#tokens > goal; index += 1) {
      const old = this.#messages[index];
      if (old?.message.role !== "assistant") continue;
      const next = await this.#withoutWrites(old);
      if (next === undefined || bytesOf(next) >= bytesOf(old)) continue;
      this.#note("calls", `turn ${this.#turnOf(index)}`, bytesOf(old) - bytesOf(next));
      this.#put(index, next);
    }
  }

  async #withoutWrites({ message, text }: Drafted): Promise<Drafted | undefined> {
    const { getText, putText } = this.#context;
    if (message.role !== "assistant") return undefined;
    if (message.tool_calls === undefined) {
      const what = text.startsWith(mark) || utf8Length(text) < smallest ? undefined : writtenInText(text);
      if (what === undefined) return undefined;
      const short = `${mark} ${what}]`;
      return { message: { ...message, content: putText(short) }, text: short };
    }
    let changed = false;
    const calls = [];
    for (const call of message.tool_calls) {
      const what = toolBytesOf(call) < smallest ? undefined : writtenBy(call.tool, await getText(call.args));
      changed ||= what !== undefined;
      calls.push(what === undefined ? call : { ...call, args: putText(JSON.stringify(what)) });
    }
    return changed ? { message: { ...message, tool_calls: calls }, text } : undefined;
  }

  /** Drops the oldest turns whole, all but the last two, and says so in the step's own message. */
  leaveOutTurns(): void {
    const head = this.#messages[1];
    const end = this.#startOfLast(2);
    if (head === undefined || this.#tokens <= this.#low || end <= 2) return;
    const base = head.text.replace(notice, "");
    let stop = 2;
    let freed = 0;
    while (stop < end && this.#context.estimate.tokens(this.#bytes - freed) > this.#low) {
      do freed += bytesOf(this.#messages[stop] ?? head);
      while (++stop < end && this.#messages[stop]?.message.role !== "assistant");
    }
    const first = this.#turnOf(2);
    const last = this.#turnOf(stop - 1);
    const written = this.#context.written === "" ? "" : ` Files that you wrote: ${this.#context.written}.`;
    const text = `${base}\n\n[Left out to make room: your turns 1 to ${last} of this step.${written}]`;
    this.#put(1, { message: { role: "user", content: this.#context.putText(text) }, text });
    this.#messages = [...this.#messages.slice(0, 2), ...this.#messages.slice(stop)];
    this.#bytes -= freed;
    this.#omitted.set("turns", {
      what: "turns",
      count: last - first + 1,
      first: `turn ${first}`,
      last: `turn ${last}`,
      why: this.#context.why,
      bytes: freed,
    });
  }

  async shortenHead(): Promise<void> {
    const { room, shorterHead, putText, why } = this.#context;
    const head = this.#messages[1];
    if (head === undefined || this.#tokens <= room) return;
    const shorter = await shorterHead(this.#tokens - Math.floor(room * mostKept));
    const text = `${shorter.text}${notice.exec(head.text)?.[0] ?? ""}`;
    if (utf8Length(text) >= utf8Length(head.text)) return;
    this.#put(1, { message: { role: "user", content: putText(text) }, text });
    this.#headOmitted.push(...shorter.omitted.map((one) => ({ ...one, why })));
  }

  /** Cuts the longest results that are left until the prompt fits. */
  trimResults(): void {
    const { room, estimate, putText } = this.#context;
    for (let round = 0; round < 20 && this.#tokens > room; round += 1) {
      const longest = this.#messages
        .map((one, index) => ({ one, index, bytes: one.text.length }))
        .filter(
          ({ one, index, bytes }) => index > 1 && one.message.role !== "assistant" && bytes > 2 * smallest,
        )
        .sort((a, b) => b.bytes - a.bytes)[0];
      if (longest === undefined) return;
      const { one, index } = longest;
      const excess = estimate.bytes(this.#tokens - room) + 200;
      const keep = Math.max(smallest, Math.floor(one.text.length / 2), one.text.length - excess);
      const cutOff = one.text.replace(/\n\[[^\n]*to make room\]$/, "").slice(0, keep);
      const text = `${withoutHalf(cutOff)}\n[cut to ${keep} of ${one.text.length} characters to make room]`;
      const name = one.message.role === "tool" ? `${one.message.tool} ${one.message.call_id}` : "results";
      this.#note("tool_results", name, one.text.length - keep);
      this.#put(index, { message: { ...one.message, content: putText(text) }, text });
    }
  }

  done(): { readonly messages: readonly Drafted[]; readonly omitted: readonly Omission[] } {
    return { messages: this.#messages, omitted: [...this.#headOmitted, ...this.#omitted.values()] };
  }
}

function withoutHalf(text: string): string {
  return /[\ud800-\udbff]$/.test(text) ? text.slice(0, -1) : text;
}

/** What a message counts in bytes: its text, its calls, and its frame. */
export function bytesOf({ message }: Pick<Drafted, "message">): number {
  const calls = message.role === "assistant" ? (message.tool_calls ?? []) : [];
  const attached = message.role === "assistant" ? message.attached : undefined;
  const more = attached === undefined ? 0 : utf8LengthOf(attached);
  return (
    utf8LengthOf(message.content) +
    more +
    frameBytes +
    calls.reduce((sum, call) => sum + toolBytesOf(call), 0)
  );
}

/** What a chat template adds to a message, as bytes of text that make as many tokens. */
const frameBytes = 12;
