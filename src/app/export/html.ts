import { unboundedText } from "../../engine/model/tools";
import { calledVenues, providerOf } from "../../engine/model/called-venues";
import { grouped } from "../../engine/model/grouped";
import { attemptText } from "../../engine/view/event-line";
import type { BlobRef, Content } from "../../engine/event/content";
import type { EventOf, SessionEvent } from "../../engine/event/event";
import type { TokenUsage } from "../../engine/event/tokens";
import { labelOf, sessionWords } from "../../engine/view/session-label";
import { viewSession } from "../../engine/view/session-view";
import type { ArtifactView, SessionView, StepView } from "../../engine/view/session-view";
import { aboutEvent, count, duration, tokens } from "./html-about";
import { attribute, Html, html, text } from "./html-text";
import { pageStyle } from "./html-style";
import { base64 } from "./ndjson";
import { eachEvent, textOrProblem } from "./source";
import type { ExportSource } from "./source";
import { isFromFile } from "../../engine/model/providers";

/** Most events that the page tells in full, so that a browser can open it; of more, it shows what each step came to. */
const maxEventsInFull = 50_000;
/** Longest content that the page shows whole, in UTF-16 units; of a longer one it shows the start, and notes the omission. */
const maxShown = 200_000;

export interface HtmlExportOptions {
  /** What was proven of the session, one sentence each; empty: nothing is claimed. */
  readonly proven: readonly string[];
  /** Most events that are told in full; default 50,000. */
  readonly maxEventsInFull?: number;
  /** The user's title of the session. */
  readonly title?: string;
  /** Why the events end where they do. */
  readonly problem?: string;
  /** The lines of a unified diff, without its head; a missing side is an empty text. */
  diff(before: string, after: string): readonly string[];
}

function bytes({ bytes: size }: BlobRef): string {
  return size < 1024 ? `${size} B` : `${(size / 1024).toFixed(1)} KB`;
}

function time(at: string): string {
  return at.slice(0, 19).replace("T", " ");
}

const statusClass: Readonly<Record<StepView["status"], string>> = {
  planned: "quiet",
  running: "warn",
  waiting: "warn",
  done: "good",
  failed: "bad",
  skipped: "quiet",
};

class Page {
  readonly #view: SessionView;
  /** The numbers of each step's events. */
  readonly #byStep = new Map<string, number[]>();
  readonly #inFull: boolean;
  readonly #source: ExportSource;
  readonly #options: HtmlExportOptions;

  constructor(source: ExportSource, options: HtmlExportOptions) {
    this.#source = source;
    this.#options = options;
    this.#view = viewSession(source.state);
    this.#inFull = source.events.count <= (options.maxEventsInFull ?? maxEventsInFull);
  }

  async #sortByStep(): Promise<void> {
    let number = 0;
    for await (const event of eachEvent(this.#source.events)) {
      if (event.step !== null && (this.#inFull || isResult(event))) {
        const numbers = this.#byStep.get(event.step);
        if (numbers === undefined) this.#byStep.set(event.step, [number]);
        else numbers.push(number);
      }
      number += 1;
    }
  }

  /** A step's events in order; those of other steps may lie between them. */
  async *#eventsOf(step: string): AsyncGenerator<SessionEvent, void, void> {
    const numbers = this.#byStep.get(step) ?? [];
    for (let at = 0; at < numbers.length;) {
      const from = numbers[at] ?? 0;
      let length = 1;
      while (numbers[at + length] === from + length) length += 1;
      yield* await this.#source.events.read(from, length);
      at += length;
    }
  }

  async *parts(): AsyncGenerator<Html, void, void> {
    await this.#sortByStep();
    yield this.#head();
    yield this.#facts();
    yield html`<h2>Steps</h2>`;
    if (!this.#inFull) yield this.#leftOut();
    if (this.#view.steps.length === 0) yield html`<p class="quiet">No step has begun.</p>`;
    for (const step of this.#view.steps) yield await this.#step(step);
    yield html`<h2>Files</h2>`;
    if (this.#view.artifacts.length === 0) yield html`<p class="quiet">The session proposes no files.</p>`;
    for (const artifact of this.#view.artifacts) yield await this.#artifact(artifact);
    yield this.#tokenTable();
    if (this.#inFull) yield* this.#timeline();
    yield html`<footer>Written by Orket from the session's journal. This page holds no script and loads nothing.</footer></main></body></html>
`;
  }

  #leftOut(): Html {
    const { session } = this.#view;
    return html`<p class="warn">
      The session has ${grouped(this.#source.events.count)} events, more than a page can hold: prompts,
      replies, tool calls and the timeline are left out. <code>orket show ${session} --step STEP</code> shows
      a step in full, <code>orket export ${session} --format ndjson</code> writes all events.
    </p>`;
  }

  async *#timeline(): AsyncGenerator<Html, void, void> {
    yield html`<h2>Events</h2>
      <details>
        <summary>
          <span class="name">Timeline</span>
          <span class="about">${this.#source.events.count} events, times in UTC</span>
        </summary>
        <div class="body">
          <table>
            <thead>
              <tr>
                <th class="number">No.</th>
                <th>Time</th>
                <th>Event</th>
                <th>Step</th>
                <th>What</th>
              </tr>
            </thead>
            <tbody></tbody>
          </table>
        </div>
      </details>`;
    for await (const event of eachEvent(this.#source.events)) yield this.#eventRow(event);
    yield html`</tbody></table></div></details>`;
  }

  #head(): Html {
    const digest = this.#source.sha256(pageStyle);
    const hash = base64(Uint8Array.from(digest.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)));
    const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
    const title = this.#options.title ?? `${this.#view.flow}, ${time(this.#view.startedAt)}`;
    return new Html(
      [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        `<meta http-equiv="Content-Security-Policy" content="${attribute(policy)}">`,
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        `<title>${attribute(title)} – Orket session</title>`,
        `<style>${pageStyle}</style></head><body><main>`,
        html`<header><h1>${title}</h1></header>`.markup,
      ].join("\n"),
    );
  }

  #facts(): Html {
    const view = this.#view;
    const options = this.#options;
    const { definition } = this.#source;
    const backends = calledVenues(definition).map(({ venue: { provider, model } }) =>
      [provider, model].filter((part) => part !== undefined).join(", "),
    );
    const rows: [string, Html][] = [
      ["Session", html`<code>${view.session}</code>`],
      ["Flow", text(view.flow)],
      ["Started", text(`${time(view.startedAt)} UTC`)],
      ["Status", this.#status()],
      ...(this.#view.foreignTools ?? []).map((name): [string, Html] => [
        "Unbounded",
        text(`it ${unboundedText(name)}`),
      ]),
      ["Proven", this.#proven()],
      [
        "Backend",
        text(
          isFromFile(providerOf(definition))
            ? "scripted: replies from a file, no model was asked"
            : backends.join("; "),
        ),
      ],
      ["Model calls", text(String(view.modelCalls))],
      ["Tokens", text(tokens(view.tokens))],
    ];
    if (view.costUsd !== undefined) rows.push(["Cost", text(`$${view.costUsd.toFixed(4)}`)]);
    rows.push(["Worked", text(duration(view.activeMs))]);
    return html`<dl class="facts">
        ${rows.map(
          ([name, value]) =>
            html`<dt>${name}</dt>
              <dd>${value}</dd>`,
        )}
      </dl>
      ${options.problem === undefined ? undefined : html`<p class="bad">${options.problem} Only what comes before it is shown.</p>`}
      <h2>Task</h2>
      <pre>${view.task.trimEnd()}</pre>`;
  }

  #status(): Html {
    // The performer of a session is not in its journal: one that was exported in the middle counts as running.
    const label = labelOf(this.#view, true);
    const tone = new Html(label === "completed" ? "good" : label === "failed" ? "bad" : "warn");
    const why = this.#view.ending ?? "";
    return html`<span class="${tone}">${sessionWords[label]}</span> <span class="quiet">${why}</span>`;
  }

  #proven(): Html {
    if (this.#options.proven.length === 0)
      return html`<span class="quiet">nothing beyond what stands here</span>`;
    return html`${this.#options.proven.map((line, index) => html`${index > 0 ? new Html("<br>") : undefined}${line}`)}`;
  }

  async #content(content: Content): Promise<Html> {
    const found = await textOrProblem(this.#source, content);
    if ("problem" in found) return html`<p class="bad">${found.problem}</p>`;
    if (found.text === "") return html`<p class="quiet">Empty.</p>`;
    const rest = found.text.length - maxShown;
    return html`<pre>${found.text.slice(0, maxShown)}</pre>
      ${rest > 0 ? html`<p class="warn">Cut here: ${rest} more characters are in the session.</p>` : undefined}`;
  }

  async #step(step: StepView): Promise<Html> {
    const about = [step.role];
    if (step.verdict !== undefined) about.push(step.verdict);
    if (step.turns > 0) about.push(`${step.turns} model ${step.turns === 1 ? "call" : "calls"}`);
    if (step.startedAt !== undefined && step.endedAt !== undefined)
      about.push(duration(Math.max(0, Date.parse(step.endedAt) - Date.parse(step.startedAt))));
    if (step.turns > 0) about.push(tokens(step.tokens));
    const parts: Html[] = [];
    if (step.note !== undefined) parts.push(html`<p class="quiet">${step.note}</p>`);
    if (step.reason !== undefined)
      parts.push(html`<p class="${new Html(statusClass[step.status])}">${step.reason}</p>`);
    let lastReply = "";
    for await (const event of this.#eventsOf(step.key)) {
      if (event.type === "model_call_end") lastReply = JSON.stringify(event.data.reply);
      // A step's result is usually its last reply, which is shown right above.
      if (event.type === "step_end" && JSON.stringify(event.data.summary) === lastReply) continue;
      const part = await this.#stepEvent(event);
      if (part !== undefined) parts.push(part);
    }
    if (parts.length === 0) parts.push(html`<p class="quiet">Nothing was recorded.</p>`);
    return html`<details>
      <summary>
        <span class="name">${step.key}</span>
        <span class="${new Html(statusClass[step.status])}">${step.status}</span>
        <span class="about">${about.join(" · ")}</span>
      </summary>
      <div class="body">${parts}</div>
    </details>`;
  }

  async #stepEvent(event: SessionEvent): Promise<Html | undefined> {
    switch (event.type) {
      case "step_start":
        return event.data.attempt > 1 ? html`<h3>Attempt ${attemptText(event.data)}</h3>` : undefined;
      case "prompt_built":
        return this.#prompt(event);
      case "model_call_end":
        return this.#reply(event);
      case "model_call_failed":
        return html`<h3>Model call failed: ${event.data.code}</h3>
          <p class="bad">${event.data.message}</p>`;
      case "tool_call":
        return html`<details>
          <summary><span class="name">${event.data.tool}</span> <span class="about">tool call</span></summary>
          <div class="body">${await this.#content(event.data.args)}</div>
        </details>`;
      case "tool_result":
        return html`<details>
          <summary>
            <span class="name">${event.data.tool}</span>
            <span class="${new Html(event.data.ok ? "about" : "bad")}"
              >${event.data.ok ? "result" : "failed"}</span
            >
          </summary>
          <div class="body">${await this.#content(event.data.content)}</div>
        </details>`;
      case "tool_denied":
        return html`<h3>Denied: ${event.data.tool}</h3>
          <p class="bad">${event.data.message} (${event.data.rule})</p>`;
      case "artifact_written":
        return html`<p>
          Wrote <code>${event.data.path}</code> <span class="quiet">${bytes(event.data.content)}</span>
        </p>`;
      case "artifact_deleted":
        return html`<p>Deleted <code>${event.data.path}</code></p>`;
      case "approval_resolved":
        return html`<h3>Answered by ${event.data.by.replace("_", " ")}: ${event.data.decision}</h3>
          ${event.data.instruction === undefined ? undefined : html`<pre>${event.data.instruction}</pre>`}${event.data.comment === undefined ? undefined : html`<p>${event.data.comment}</p>`}`;
      case "step_end":
        return html`<h3>Result</h3>
          ${await this.#content(event.data.summary)}`;
      case "step_failed":
        return html`<h3>Failed: ${event.data.code}</h3>
          <p class="bad">${event.data.message}</p>`;
      default:
        return undefined;
    }
  }

  /** Replies and tool results that go back into the prompt are shown where they came from. */
  async #prompt({ data }: EventOf<"prompt_built">): Promise<Html | undefined> {
    const parts: Html[] = [];
    for (const message of data.added) {
      if (message.role !== "system" && message.role !== "user") continue;
      parts.push(
        html`<h3>${message.role}</h3>
          ${await this.#content(message.content)}`,
      );
    }
    for (const { what, count: left } of data.omitted)
      parts.push(html`<p class="warn">Left out so that it fits: ${left} ${what}.</p>`);
    if (parts.length === 0) return undefined;
    return html`<details class="turn">
      <summary>
        <span class="name">Prompt</span>
        <span class="about">turn ${data.turn}, about ${grouped(data.estimated_tokens)} tokens</span>
      </summary>
      <div class="body">${parts}</div>
    </details>`;
  }

  async #reply({ data }: EventOf<"model_call_end">): Promise<Html> {
    const about = [`turn ${data.turn}`, duration(data.total_ms), tokens(data.tokens)];
    if (data.model !== undefined) about.push(data.model);
    if (data.node !== undefined) about.push(data.node);
    if (data.finish_reason !== "stop" && data.finish_reason !== "tool_calls") about.push(data.finish_reason);
    const calls = data.tool_calls.map(({ tool }) => tool).join(", ");
    const reasoning =
      data.reasoning === undefined
        ? undefined
        : html`<details>
            <summary><span class="name">Reasoning</span></summary>
            <div class="body">${await this.#content(data.reasoning)}</div>
          </details>`;
    const body = await this.#content(data.reply);
    const empty = data.tool_calls.length > 0 && "text" in data.reply && data.reply.text === "";
    return html`<div class="turn">
      <h3>Reply, ${about.join(", ")}</h3>
      ${reasoning}${empty ? undefined : body}${calls === "" ? undefined : html`<p class="quiet">Calls ${calls}.</p>`}${(data.notices ?? []).map((notice) => html`<p class="warn">${notice}</p>`)}
    </div>`;
  }

  async #artifact(artifact: ArtifactView): Promise<Html> {
    const { path, change, decision, step, content } = artifact;
    const about = [change, ...(content === null ? [] : [bytes(content)]), `by ${step}`, decision].join(" · ");
    return html`<details>
      <summary><span class="name mono">${path}</span> <span class="about">${about}</span></summary>
      <div class="body">${await this.#diffOf(artifact)}</div>
    </details>`;
  }

  async #diffOf({ base, content }: ArtifactView): Promise<Html> {
    const sides: string[] = [];
    for (const ref of [base, content]) {
      if (ref === null) {
        sides.push("");
        continue;
      }
      try {
        const side = this.#source.utf8.decode(await this.#source.getBytes(ref));
        if (side === null) return html`<p class="quiet">Not a text.</p>`;
        sides.push(side);
      } catch (error) {
        return html`<p class="bad">${error instanceof Error ? error.message : String(error)}</p>`;
      }
    }
    const [before = "", after = ""] = sides;
    if (before.length + after.length > 2 * maxShown)
      return html`<p class="warn">Too long to be shown here; the files are in the session.</p>`;
    const lines = this.#options.diff(before, after);
    if (lines.length === 0) return html`<p class="quiet">An empty file.</p>`;
    return html`<code class="diff">${lines.map((line) => diffLine(line))}</code>`;
  }

  #tokenTable(): Html {
    const rows = this.#view.steps.filter(({ turns }) => turns > 0);
    const row = (name: string, role: string, turns: number, usage: TokenUsage): Html =>
      html`<tr>
        <td>${name}</td>
        <td>${role}</td>
        <td class="number">${turns}</td>
        <td class="number">${count(usage.input)}</td>
        <td class="number">${count(usage.cached_input)}</td>
        <td class="number">${count(usage.output)}</td>
      </tr>`;
    return html`<h2>Tokens</h2>
      <table>
        <thead>
          <tr>
            <th>Step</th>
            <th>Role</th>
            <th class="number">Calls</th>
            <th class="number">Input</th>
            <th class="number">of it cached</th>
            <th class="number">Output</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map((step) => row(step.key, step.role, step.turns, step.tokens))}${row("All", "", this.#view.modelCalls, this.#view.tokens)}
        </tbody>
      </table>`;
  }

  #eventRow(event: SessionEvent): Html {
    return html`<tr>
      <td class="number">${event.seq}</td>
      <td class="time">${event.at.slice(11, 23)}</td>
      <td>${event.type.replaceAll("_", " ")}</td>
      <td>${event.step ?? ""}</td>
      <td>${aboutEvent(event)}</td>
    </tr>`;
  }
}

/** What a step came to. */
function isResult({ type }: SessionEvent): boolean {
  return type === "step_end" || type === "step_failed" || type === "approval_resolved";
}

function diffLine(line: string): Html {
  const kind = line.startsWith("+")
    ? "plus"
    : line.startsWith("-")
      ? "minus"
      : line.startsWith("@@")
        ? "hunk"
        : "same";
  return html`<span class="${new Html(kind)}">${line === "" ? " " : line}</span>`;
}

/**
 * The session as one page without network access or scripts: what models, tools and people wrote is only ever
 * text in it. Produced in pieces, so that a long session is never in memory as a whole.
 */
export async function* exportHtml(
  source: ExportSource,
  options: HtmlExportOptions,
): AsyncGenerator<string, void, void> {
  for await (const part of new Page(source, options).parts()) yield part.markup;
}
