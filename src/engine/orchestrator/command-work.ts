import type { PerformContext } from "../agent/agent";
import { expandFor, expandJson } from "../agent/placeholder-value";
import { draft } from "../event/event";
import type { EventData, EventDraft } from "../event/event";
import { readArgument, resolveArgv } from "../model/command-argv";
import type { ResolvedArgv } from "../model/command-argv";
import { commandVerdict, secretValuePattern } from "../model/command";
import type { CommandSpec } from "../model/command";
import { readFields } from "../model/field";
import type { FieldSpec, Json } from "../model/field";
import { stepOf, useOf } from "../model/plan";
import { placeholderText } from "../model/template";
import type { Placeholder } from "../model/template";
import { decideWrite } from "../policy/file-policy";
import type { CommandResult, CommandVariable } from "../port/commands";
import type { ActiveRun } from "../state/cursor";
import { commandNameOf } from "../state/command-call";
import { failedStep } from "../state/failed-step";
import { artifactsOf, changeAt, inTheWay, withChange } from "../state/scope";
import type { Scope } from "../state/scope";
import type { StepRun } from "../state/step-run";
import { templateOf } from "./question-work";
import { defined } from "../model/defined";
import { entryOf } from "../model/entry-of";

/** The end of a command's output that later steps see, in characters; the whole output is kept in the journal. */
const maxCommandSummary = 4000;

/** A command with everything resolved. */
interface Prepared {
  readonly spec: CommandSpec;
  readonly argv: string[];
  readonly env: Record<string, CommandVariable>;
  readonly stdin: string | undefined;
}

function specOf({ state }: PerformContext, run: StepRun): CommandSpec | undefined {
  return entryOf(state.definition.flow.commands, commandNameOf(run));
}

/** The command as it would be started, or why it must not be started. */
async function prepare(
  active: ActiveRun,
  context: PerformContext,
): Promise<Prepared | { readonly problem: string }> {
  const spec = specOf(context, active.run);
  if (spec === undefined) return { problem: "The Flow has no such command." };
  const template = templateOf(active, context);
  const argv = await argvOf(spec, active, context);
  if ("problem" in argv) return argv;
  const env: Record<string, CommandVariable> = {};
  for (const [name, value] of Object.entries(spec.env)) {
    const secret = secretValuePattern.exec(value)?.[1];
    env[name] = secret === undefined ? { value: await expandFor(template, value) } : { secret };
  }
  return {
    spec,
    argv: [...argv.argv],
    env,
    stdin: spec.stdin === undefined ? undefined : await expandFor(template, spec.stdin),
  };
}

/** The argument list with its placeholders filled, or the first argument that is not allowed. */
async function argvOf(
  { argv }: CommandSpec,
  active: ActiveRun,
  context: PerformContext,
): Promise<ResolvedArgv> {
  const template = templateOf(active, context);
  const values = new Map<string, Json | undefined>();
  for (const entry of argv) {
    const argument = readArgument(entry);
    if (argument.kind !== "placeholder") continue;
    const name = placeholderText(argument.placeholder);
    const value = await expandJson(template, entry);
    if (value !== undefined && !isBounded(argument.placeholder, active, context, value)) {
      return {
        problem: `${name} cannot be an argument: it is not a number, a boolean, one of a list of values or a text with a pattern.`,
      };
    }
    values.set(name, value);
  }
  return resolveArgv(argv, (placeholder) => values.get(placeholderText(placeholder)));
}

/** Only values that a declaration bounds may become arguments: free text from a model never does. */
function isBounded(
  placeholder: Placeholder,
  { run }: ActiveRun,
  { state }: PerformContext,
  value: Json | undefined,
): boolean {
  if (typeof value === "number" || typeof value === "boolean") return true;
  const { definition } = state;
  const isDeclared = (spec: FieldSpec | undefined): boolean =>
    spec !== undefined && (spec.enum !== undefined || spec.pattern !== undefined);
  const { frame } = run.node;
  if (placeholder.kind === "input") {
    const specs =
      frame === undefined ? definition.flow.input_specs : useOf(definition.score.steps, frame)?.inputs;
    return isDeclared(entryOf(specs, placeholder.name));
  }
  if (placeholder.kind !== "result") return false;
  const id = frame === undefined ? placeholder.step : `${frame}.${placeholder.step}`;
  const step = stepOf(definition.score.steps, id);
  return isDeclared(entryOf(step?.result, placeholder.field));
}

/** Asks a person about a command whose effects reach outside, or whose step requires it. */
export async function askCommand(active: ActiveRun, context: PerformContext): Promise<EventDraft> {
  const { run } = active;
  const { ports, state } = context;
  const prepared = await prepare(active, context);
  if ("problem" in prepared) return failedStep(run, "argument_not_allowed", prepared.problem);
  const shows = JSON.stringify(shownOf(active, prepared, context));
  return draft("approval_requested", run.key, {
    id: `a${state.approvals + 1}`,
    kind: "before_step",
    sha256: ports.sha256(shows),
    shows: ports.store.putText(shows),
  });
}

/** What a person is shown about a command; its digest is computed from this. */
function shownOf(
  active: ActiveRun,
  { spec, argv, env, stdin }: Prepared,
  { state }: PerformContext,
): Record<string, unknown> {
  const accepted = Object.entries(state.decisions)
    .flatMap(([path, decision]) =>
      decision.kind === "accepted" ? [[path, decision.content?.sha256 ?? null]] : [],
    )
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
  return {
    argv,
    env: Object.fromEntries(
      Object.entries(env).map(([name, one]) => [name, "secret" in one ? `secret:${one.secret}` : one.value]),
    ),
    ...defined({ stdin }),
    network: spec.network,
    effects: spec.effects,
    ...(spec.effects === "outside"
      ? { accepted }
      : { files: artifactsOf(active.scope).map(({ path, content }) => [path, content?.sha256 ?? null]) }),
  };
}

/** Records the start of a command, before it starts. */
export async function startCommand(active: ActiveRun, context: PerformContext): Promise<EventDraft> {
  const { run } = active;
  const { ports } = context;
  const prepared = await prepare(active, context);
  if ("problem" in prepared) return failedStep(run, "argument_not_allowed", prepared.problem);
  const { spec, argv, env, stdin } = prepared;
  return draft("command_start", run.key, {
    command: commandNameOf(run),
    attempt: (run.command?.attempt ?? 0) + 1,
    ...defined({ call_id: run.openTool?.call.id }),
    argv,
    env: Object.keys(env),
    ...(stdin === undefined ? {} : { stdin: ports.store.putText(stdin) }),
    network: spec.network,
    effects: spec.effects,
    isolation: spec.isolation,
    sha256: ports.sha256(JSON.stringify(shownOf(active, prepared, context))),
  });
}

/** Runs the command that was recorded, and reports what it did. */
export async function runCommand(
  { delaySeconds }: { readonly delaySeconds: number },
  active: ActiveRun,
  context: PerformContext,
): Promise<EventDraft[]> {
  const { run, scope } = active;
  const { ports, cancellation } = context;
  if (delaySeconds > 0) await ports.clock.sleep(delaySeconds * 1000, cancellation);
  const prepared = await prepare(active, context);
  if ("problem" in prepared) return [failedStep(run, "argument_not_allowed", prepared.problem)];
  const { spec, argv, env, stdin } = prepared;
  await context.recorded;
  const result = await ports.commands.run(
    {
      recorded: context.recorded,
      run: `${run.key}/${run.attempt}/${run.command?.attempt ?? 1}`,
      name: run.command?.command ?? "",
      spec,
      argv,
      ...defined({ stdin }),
      env,
      overlay: artifactsOf(scope).map(({ path, content, executable }) => ({
        path,
        content,
        ...defined({ executable }),
      })),
      read: (content) => ports.store.getBytes(content),
    },
    ({ text }) => {
      context.onDelta(run.key, { kind: "text", text });
    },
    cancellation,
  );
  return endEvents(active, result, spec, context);
}

async function endEvents(
  active: ActiveRun,
  result: CommandResult,
  spec: CommandSpec,
  context: PerformContext,
): Promise<EventDraft[]> {
  const { run } = active;
  const { ports } = context;
  const written: EventDraft[] = [];
  const files: EventData<"command_end">["files"] = [];
  const left = withoutDeleted(active.scope, result.files);
  const discarded = { ...result.discarded };
  // What goes makes room for what comes.
  for (const { path, content, executable } of [...result.files].sort(goneFirst)) {
    if (!decideWrite(path, context.state.definition.flow.policy).allowed) continue;
    if (content !== null && lacksRoom(left, path)) {
      discarded.files += 1;
      discarded.bytes += content.length;
      continue;
    }
    const { base, own, isExecutable } = await standing(active, path, context);
    const callId = `command.${run.attempt}.${run.command?.attempt ?? 1}`;
    if (content === null) written.push(draft("artifact_deleted", run.key, { call_id: callId, path, base }));
    else {
      const ref = ports.store.putBytes(content);
      written.push(
        draft("artifact_written", run.key, {
          call_id: callId,
          path,
          content: ref,
          base,
          ...(executable && !isExecutable ? { executable: true as const } : {}),
          ...(!own && isExecutable ? { base_executable: true as const } : {}),
        }),
      );
      files.push({ path, content: ref });
      continue;
    }
    files.push({ path, content: null });
  }
  const verdict = commandVerdict(result.end);
  const printed = verdict === undefined || run.openTool !== null ? {} : readOutput(run, result, spec);
  // A command that failed need not have printed what it prints when it passes.
  const read = verdict !== "pass" && "result_problem" in printed ? {} : printed;
  return [
    ...written,
    draft("command_end", run.key, {
      command: run.command?.command ?? "",
      end: result.end,
      // Output that does not match the declaration is not a verdict.
      ...(verdict === undefined || "result_problem" in read ? {} : { verdict }),
      ...defined({ place: result.place, isolated_by: result.isolatedBy }),
      output: ports.store.putText(result.output),
      summary: ports.store.putText(endOfOutput(result.output)),
      ...read,
      files,
      discarded,
      ...(result.changed === undefined ? {} : { changed: [...result.changed] }),
      duration_ms: Math.round(result.durationMs * 10) / 10,
    }),
  ];
}

const goneFirst = (a: CommandResult["files"][number], b: CommandResult["files"][number]): number =>
  Number(b.content === null) - Number(a.content === null);

/** The scope without the session's files that a command deleted. */
function withoutDeleted(scope: Scope, files: CommandResult["files"]): Scope {
  let left = scope;
  for (const { path, content } of files) {
    const change = content === null ? changeAt(scope, path) : undefined;
    if (change !== undefined) left = withChange(left, { ...change, content: null });
  }
  return left;
}

/** Whether a file of the session that the command left alone stands where this one needs a folder, or below it. */
function lacksRoom(left: Scope, path: string): boolean {
  return (changeAt(left, path)?.content ?? null) === null && inTheWay(left, path) !== undefined;
}

/** What a command's change replaces: the project's file as it was first read, and whether what is there now may be executed. */
async function standing(
  { scope }: ActiveRun,
  path: string,
  { ports }: PerformContext,
): Promise<{
  readonly base: EventData<"artifact_written">["base"];
  readonly own: boolean;
  readonly isExecutable: boolean;
}> {
  const change = changeAt(scope, path);
  if (change !== undefined) return { base: change.base, own: true, isExecutable: change.executable === true };
  const base = await ports.files.base(path);
  if (base.kind !== "file") return { base: null, own: false, isExecutable: false };
  return { base: ports.store.putBytes(base.bytes), own: false, isExecutable: base.executable === true };
}

/** The JSON document that the command printed, checked against the step's declaration. */
function readOutput(
  run: StepRun,
  { stdout = "" }: CommandResult,
  { output }: CommandSpec,
): { result?: Json; result_problem?: string } {
  if (output !== "json") return {};
  let value: unknown;
  try {
    value = JSON.parse(stdout);
  } catch {
    return { result_problem: "The command's standard output is not one JSON document (output: json)." };
  }
  const { result: fields } = run.node;
  if (fields === undefined) return { result: value as Json };
  const read = readFields(fields, value);
  return "problems" in read
    ? { result_problem: `What the command printed does not fit: ${read.problems.join(" ")}` }
    : read.value === undefined
      ? {}
      : { result: read.value };
}

/** The end of an output, starting at a line's beginning; escape sequences are removed. */
export function endOfOutput(output: string): string {
  const plain = output
    .replace(/\u001b\[[0-9;?]*[A-Za-z]/g, "")
    .replace(/\r\n?/g, "\n")
    .trimEnd();
  if (plain.length <= maxCommandSummary) return plain;
  const end = plain.slice(-maxCommandSummary);
  const line = end.indexOf("\n");
  const shown = line >= 0 && line < end.length - 1 ? end.slice(line + 1) : end;
  return `[the last ${shown.length} of ${plain.length} characters]\n${shown}`;
}
