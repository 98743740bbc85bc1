import type { PerformContext } from "../agent/agent";
import { expandFor } from "../agent/placeholder-value";
import type { TemplateContext } from "../agent/placeholder-value";
import { draft } from "../event/event";
import type { EventData, EventDraft } from "../event/event";
import { textOfJson } from "../model/field";
import type { FieldMap, Json } from "../model/field";
import { answered } from "../model/score";
import { matchesAny } from "../policy/glob";
import { acceptanceOf } from "../state/acceptance";
import type { ActiveRun } from "../state/cursor";
import { failedStep } from "../state/failed-step";
import { artifactsOf, resultSeen } from "../state/scope";
import { defined } from "../model/defined";
import { entryOf } from "../model/entry-of";

/** Most questions in a list. */
const maxQuestions = 100;

type Asked = Omit<EventData<"question_asked">, "id" | "sha256" | "text"> & { readonly shown: string };

export function templateOf({ run, scope }: ActiveRun, context: PerformContext): TemplateContext {
  return {
    definition: context.state.definition,
    node: run.node,
    place: run.place,
    scope,
    getText: (content) => context.ports.store.getText(content),
  };
}

/** Asks a person the question of the step, of a loop that did not reach its end, or of a command that was cut off. */
export async function askQuestion(active: ActiveRun, context: PerformContext): Promise<EventDraft> {
  const { run } = active;
  const asked = await questionOf(active, context);
  if ("event" in asked) return asked.event;
  const { shown, ...what } = asked;
  const { ports, state } = context;
  return draft("question_asked", run.key, {
    id: `q${state.questions + 1}`,
    ...what,
    text: ports.store.putText(shown),
    sha256: ports.sha256(
      JSON.stringify([what.kind, shown, what.verdict ?? null, what.fields ?? null, what.questions ?? null]),
    ),
  });
}

async function questionOf(
  active: ActiveRun,
  context: PerformContext,
): Promise<Asked | { readonly event: EventDraft }> {
  const { run, scope } = active;
  const { does } = run.node;
  const template = templateOf(active, context);
  switch (does?.kind) {
    case "group": {
      const turns = run.gate?.turns ?? 0;
      const shown = `The loop ${run.key} has not come to its end after ${turns} rounds. Go on with more rounds, go on as it is, or fail?`;
      return { kind: "exhausted", shown, verdict: ["more", "go_on", "fail"] };
    }
    case "run": {
      const shown = `The command ${does.command} was cut off while it ran, and it has effects outside: ${run.command?.argv.join(" ") ?? ""}. Did it happen?`;
      return { kind: "happened", shown, verdict: ["happened", "did_not_happen"] };
    }
    case "accept": {
      const globs: string[] = [];
      for (const path of does.paths) globs.push(await expandFor(template, path));
      const paths = artifactsOf(scope).flatMap(({ path }) => (matchesAny(globs, path) ? [path] : []));
      const shown =
        paths.length === 0 ? "There is nothing to accept." : `Accept or reject: ${paths.join(", ")}.`;
      return { kind: "accept", shown, paths };
    }
    case "ask": {
      const verdict = run.node.verdict ?? [];
      const words = verdict.join() === answered ? {} : { verdict };
      const fields = Object.keys(does.fields).length === 0 ? {} : { fields: asJson(does.fields) };
      if (does.from === undefined)
        return { kind: "ask", shown: await expandFor(template, does.question ?? ""), ...words, ...fields };
      const result = resultSeen(scope, does.from.step, run.place)?.result;
      const list =
        typeof result === "object" && result !== null
          ? entryOf(result as Record<string, Json>, does.from.field)
          : undefined;
      if (!Array.isArray(list))
        return {
          event: failedStep(
            run,
            "questions_missing",
            `The result of ${does.from.step} has no list ${does.from.field}.`,
          ),
        };
      const questions = (list as readonly Json[]).slice(0, maxQuestions).map(textOfJson);
      if (questions.length === 0) {
        const reason = `${does.from.step}.${does.from.field} holds no question`;
        return {
          event: draft("step_skipped", run.key, {
            id: run.node.id,
            role: run.node.role,
            by: "engine",
            reason,
          }),
        };
      }
      return {
        kind: "ask",
        shown: questions.map((one, at) => `${at + 1}. ${one}`).join("\n"),
        questions,
        ...words,
        ...fields,
      };
    }
    case undefined:
      throw new Error(`${run.key} asks nothing`);
  }
}

/** Ends a step in which a command or a person took the place of an agent. */
export async function finishAct(active: ActiveRun, context: PerformContext): Promise<EventDraft> {
  const { run } = active;
  const { ports } = context;
  const { summary, verdict, result, artifacts } = await outcomeOf(active, context);
  const whole = { summary, verdict: verdict ?? null, artifacts, ...defined({ result }) };
  return draft("step_end", run.key, {
    attempt: run.attempt,
    summary: ports.store.putText(summary),
    sha256: ports.sha256(JSON.stringify(whole)),
    ...defined({ verdict, result }),
    artifacts,
    turns: 0,
    tokens: {},
  });
}

interface Outcome {
  readonly summary: string;
  readonly verdict: string | undefined;
  readonly result: Json | undefined;
  readonly artifacts: EventData<"step_end">["artifacts"];
}

async function outcomeOf({ run }: ActiveRun, { state, ports }: PerformContext): Promise<Outcome> {
  const plain = { verdict: run.verdict, result: run.result, artifacts: [] };
  switch (run.node.does?.kind) {
    case "run": {
      const { commandEnd } = run;
      const summary = commandEnd === null ? "" : await ports.store.getText(commandEnd.summary);
      return { ...plain, summary, artifacts: commandEnd?.files ?? [] };
    }
    case "accept": {
      const { verdict, accepted, partly, rejected } = acceptanceOf(state, run.question?.paths ?? []);
      const withReason = (path: string): string => {
        const decision = entryOf(state.decisions, path);
        const reason = decision?.kind === "rejected" ? decision.reason : undefined;
        return reason === undefined ? path : `${path} (${reason})`;
      };
      const listed = (paths: readonly string[]): string => paths.map(withReason).join(", ");
      const said = [
        `The person's decision: ${verdict}.`,
        ...(accepted.length === 0 ? [] : [`Accepted: ${accepted.join(", ")}.`]),
        ...(partly.length === 0 ? [] : [`Accepted in part: ${listed(partly)}.`]),
        ...(rejected.length === 0 ? [] : [`Rejected: ${listed(rejected)}.`]),
      ];
      return { ...plain, summary: said.join(" "), verdict };
    }
    default:
      return { ...plain, summary: answerText(run) };
  }
}

/** The word, then the answers. */
function answerText({ answer, verdict, commandEnd }: ActiveRun["run"]): string {
  if (commandEnd !== null) return "";
  const lines: string[] = verdict === undefined || verdict === answered ? [] : [verdict];
  const given = answer?.answers;
  if (Array.isArray(given)) {
    for (const one of given as readonly Json[]) {
      const { question, answer: text } = one as { question: Json; answer: Json };
      lines.push(`${textOfJson(question)}\n${textOfJson(text)}`);
    }
  } else if (typeof given === "object" && given !== null) {
    for (const [name, value] of Object.entries(given)) lines.push(`${name}: ${textOfJson(value)}`);
  }
  return lines.join("\n\n");
}

/** Fields as the event stores them; they came from JSON. */
function asJson(fields: FieldMap): Record<string, Json> {
  return JSON.parse(JSON.stringify(fields)) as Record<string, Json>;
}
