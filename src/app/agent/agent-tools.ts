import { OrketError } from "../../engine/error/orket-error";
import type { Definition } from "../../engine/model/definition";
import { textOfJson } from "../../engine/model/field";
import type { Cancellation } from "../../engine/port/cancellation";
import { failureOf } from "../failure";
import { bounded } from "./bounded";
import { definitionFor, digestOfDefinition, findFlow, runFacts } from "./run-request";
import type { OfferedProject } from "./run-request";
import { answerCommand, questionFor, reportOf } from "./session-report";
import type { AgentSession } from "./session-report";
import { readToolInput } from "./tool-inputs";
import type { ToolName } from "./tool-names";

/** What the tools need of a host. */
export interface AgentHost<P extends OfferedProject = OfferedProject> {
  isTrusted(): boolean;
  /** The projects on a disk, as the editors hold them. */
  projects(): Promise<readonly P[]>;
  /** The Venue that the user chose in place of each Flow's own. */
  venue(): string | undefined;
  /**
   * Starts a session; what only a person may agree to is asked of the person.
   * @returns undefined: the person declined. @throws {OrketError} venue_unready and others.
   */
  start(project: P, definition: Definition, cancellation: Cancellation): Promise<AgentSession | undefined>;
  /** The session with this id or unique part of it; undefined: the newest one. @throws {OrketError} */
  session(which: string | undefined): Promise<AgentSession>;
}

/** The question to the person before a tool acts. */
export interface Confirmation {
  readonly title: string;
  readonly facts: readonly (readonly [what: string, text: string])[];
  /** Shown while the tool works. */
  readonly progress: string;
}

/** Maximum length of a text in a confirmation, in characters. */
const shownText = 2000;

/** Requests that were confirmed and not yet carried out; an older one than these must be confirmed again. */
const maxConfirmed = 16;

function ensureTrusted(host: Pick<AgentHost, "isTrusted">): void {
  if (host.isTrusted()) return;
  throw new OrketError("not_trusted", "Nothing runs or is decided in a folder that is not trusted.", {
    hint: "Ask the user to trust the folder.",
  });
}

/**
 * The tools for an editor's own agents. They start Flows, which a person confirms, report on sessions, and answer only
 * what the Score lets an agent answer. They never approve a step, accept a file, or agree to commands or keys.
 */
export class AgentTools<P extends OfferedProject> {
  readonly #host: AgentHost<P>;
  readonly #confirmed: { readonly request: string; readonly shown: string }[] = [];

  constructor(host: AgentHost<P>) {
    this.#host = host;
  }

  /**
   * What the person is asked before the tool is performed. Undefined: the tool only reads, or it cannot be performed; then
   * `perform` returns the reason, as nothing was confirmed.
   */
  async prepare(name: ToolName, input: unknown): Promise<Confirmation | undefined> {
    try {
      if (name === "orket_run_flow") return await this.#prepareRun(input);
      return name === "orket_answer" ? await this.#prepareAnswer(input) : undefined;
    } catch {
      return undefined;
    }
  }

  /** Performs a tool; a failure is a text, so that the agent can react to it. */
  async perform(name: ToolName, input: unknown, cancellation: Cancellation): Promise<string> {
    try {
      return await this.#perform(name, input, cancellation);
    } catch (error) {
      return failureText(error);
    }
  }

  async #perform(name: ToolName, input: unknown, cancellation: Cancellation): Promise<string> {
    switch (name) {
      case "orket_run_flow":
        return this.#run(input, cancellation);
      case "orket_answer":
        return this.#answer(input);
      case "orket_session": {
        const { session } = readToolInput("orket_session", input);
        return JSON.stringify(await reportOf(await this.#host.session(session)), null, 1);
      }
    }
  }

  async #asked(input: unknown): Promise<{ readonly project: P; readonly definition: Definition }> {
    ensureTrusted(this.#host);
    const given = readToolInput("orket_run_flow", input);
    const found = findFlow(await this.#host.projects(), given.flow);
    return { project: found.project, definition: definitionFor(found, given, this.#host.venue()) };
  }

  async #prepareRun(input: unknown): Promise<Confirmation> {
    const { definition } = await this.#asked(input);
    const { name } = definition.flow;
    this.#confirm(input, digestOfDefinition(definition));
    return {
      title: `Run the Flow ${name}?`,
      facts: runFacts(definition),
      progress: `Starting the Flow ${name}`,
    };
  }

  async #run(input: unknown, cancellation: Cancellation): Promise<string> {
    const { project, definition } = await this.#asked(input);
    const { name } = definition.flow;
    this.#take(input, digestOfDefinition(definition), `the Flow ${name}`);
    const session = await this.#host.start(project, definition, cancellation);
    if (session === undefined) return `The Flow ${name} was not started: the user declined.`;
    return [
      `The Flow ${name} was started as session ${session.id}. It runs in the background.`,
      `orket_session with {"session": "${session.id}"} returns its state, what waits in it, and its result.`,
      "The user sees it in the Orket view, approves its steps there, and decides about the files that it proposes; you cannot.",
    ].join("\n");
  }

  async #open(input: unknown) {
    ensureTrusted(this.#host);
    const given = readToolInput("orket_answer", input);
    const session = await this.#host.session(given.session);
    if (session.holder !== "here") {
      throw new OrketError("command_refused", `The session ${session.id} does not run in this window.`, {
        hint: "Ask the user to resume it.",
      });
    }
    return { given, session, question: questionFor(session, given.question) };
  }

  async #prepareAnswer(input: unknown): Promise<Confirmation> {
    const { given, session, question } = await this.#open(input);
    const { verdict, answers, fields } = given;
    const values = answers ?? fields;
    this.#confirm(input, question.sha256);
    return {
      title: `Let the agent answer ${question.step}?`,
      facts: [
        ["Session", `${session.view.flow} (${session.id})`],
        ["Question", bounded(await session.readText(question.text), shownText)],
        ...(verdict === undefined ? [] : [["Answer", verdict] as const]),
        ...(values === undefined ? [] : [["Values", bounded(textOfJson(values), shownText)] as const]),
      ],
      progress: `Answering ${question.step}`,
    };
  }

  async #answer(input: unknown): Promise<string> {
    const { given, session, question } = await this.#open(input);
    this.#take(input, question.sha256, `the answer to ${question.step}`);
    await session.submit(answerCommand(question, given));
    return `The question of ${question.step} was answered. orket_session returns the session's state.`;
  }

  /** Remembers what a person is shown for a request. */
  #confirm(input: unknown, shown: string): void {
    this.#confirmed.push({ request: JSON.stringify(input), shown });
    if (this.#confirmed.length > maxConfirmed) this.#confirmed.shift();
  }

  /** Uses up a confirmation. @throws {OrketError} command_refused: none was given for exactly this. */
  #take(input: unknown, shown: string, what: string): void {
    const request = JSON.stringify(input);
    const at = this.#confirmed.findIndex((one) => one.request === request && one.shown === shown);
    if (at >= 0) {
      this.#confirmed.splice(at, 1);
      return;
    }
    throw new OrketError("command_refused", `What was confirmed for ${what} has changed since.`, {
      hint: "Call the tool again, so that the user sees what it would do now.",
    });
  }
}

/** A failure as a text for an agent. */
function failureText(error: unknown): string {
  const { message, hint = "" } = failureOf(error);
  return `Failed: ${message} ${hint}`.trim();
}
