import { ensureRunsHere } from "../../app/session/runs-here";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { nodeEnvironment } from "../../adapters/journal/environment";
import { readSession } from "../../adapters/journal/session-folder";
import { forkSession } from "../../app/session/fork";
import { OrketError } from "../../engine/error/orket-error";
import type { Definition } from "../../engine/model/definition";
import { changeDefinition } from "../../engine/history/fork";
import type { ForkChanges } from "../../engine/history/fork";
import { inputsGiven, readInput } from "../../language";
import { allowCommandsOption, callOf, jsonOption, sessionArgument } from "../command";
import type { Command, CommandContext, Given } from "../command";
import { exitCodes } from "../exit-code";
import { requireConsent } from "../run/consent";
import { readTask } from "../run/task";
import { performSession } from "../run/perform";
import { sessionOf, withRuntime } from "../runtime";
import { safeLine } from "../text/safe";
import { readLimits } from "./resume";
import { approveOption, closing, readPairs } from "./run";
import { defined } from "../../engine/model/defined";

/** `@FILE` is the file's text; anything else is the text itself. */
async function textOf(value: string, cwd: string): Promise<string> {
  if (!value.startsWith("@")) return value;
  const file = path.resolve(cwd, value.slice(1));
  return readFile(file, "utf8").catch((error: unknown) => {
    throw new OrketError("usage", `The file ${safeLine(value.slice(1))} cannot be read.`, { cause: error });
  });
}

async function textsOf(option: string, given: Given, cwd: string): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(readPairs(option, given.all(option)))) {
    texts[name] = await textOf(value, cwd);
  }
  return texts;
}

/** @throws {OrketError} usage, for an input that the session does not have, or an invalid value. */
function inputsOf(given: Given, { flow }: Definition): Definition["flow"]["inputs"] {
  const known = inputsGiven(flow.inputs);
  const inputs: Definition["flow"]["inputs"] = {};
  for (const [name, written] of Object.entries(readPairs("input", given.all("input")))) {
    const input = known.find((one) => one.name === name);
    if (input === undefined) {
      const names = known.map((one) => one.name).join(", ");
      throw new OrketError("usage", `The Flow has no input ${safeLine(name)}.`, {
        hint: names === "" ? "It has no inputs." : `Its inputs: ${names}.`,
      });
    }
    const read = readInput(input, written);
    if ("problem" in read) throw new OrketError("usage", `--input ${name}: ${safeLine(read.problem)}.`);
    inputs[name] = read.value;
  }
  return inputs;
}

async function changesOf({ given, io }: CommandContext): Promise<(definition: Definition) => Definition> {
  const task = await readTask(given.value("task"), io);
  const model = given.value("model");
  const prompts = await textsOf("prompt", given, io.cwd);
  const instructions = await textsOf("instruction", given, io.cwd);
  const roles = readPairs("role", given.all("role"));
  const models = readPairs("role-model", given.all("role-model"));
  const limits: Record<string, number | undefined> = {};
  for (const { limit, value } of readLimits(given.all("limit"))) {
    if (limit !== undefined) limits[limit] = value ?? undefined;
  }
  return (definition) => {
    const changes: ForkChanges = {
      prompts,
      instructions,
      roles,
      models,
      limits,
      inputs: inputsOf(given, definition),
      ...defined({ task, model }),
    };
    return changeDefinition(definition, changes);
  };
}

async function fork(context: CommandContext) {
  const { io, given } = context;
  const at = given.value("at");
  if (at === undefined) {
    throw new OrketError("usage", "Name the step at which the fork begins: --at STEP.", {
      hint: "`orket show SESSION` lists the steps.",
    });
  }
  const json = given.flag("json");
  const session = await sessionOf(context);
  const change = await changesOf(context);
  return withRuntime(context, async (options) => {
    if (!given.flag("no-run")) {
      const { definition } = await readSession(nodeEnvironment, session.path);
      const call = `${callOf(context)} fork ${session.id} --at ${safeLine(at)}`;
      await requireConsent(change(definition), context, options, call);
    }
    const live = await forkSession(session.path, at, change, options);
    return closing(live, async () => {
      if (!json) io.stderr.line(`Session ${live.id}, forked from ${session.id} at ${safeLine(at)}`);
      if (given.flag("no-run")) {
        if (json) io.stdout.line(JSON.stringify({ session: live.id }));
        return exitCodes.done;
      }
      ensureRunsHere(live.orchestrator.state.definition, options);
      live.orchestrator.resume("command_line");
      const approve = given.value("approve") as "none" | "all" | undefined;
      return performSession(
        live,
        { approve, json, fromStart: true, orket: callOf(context), access: options },
        io,
      );
    });
  });
}

export const forkCommand: Command = {
  name: "fork",
  summary: "Start a new session at a step of an old one.",
  details: [
    "Everything before the step is shared and costs no model call; the step and what follows is performed anew, with the changes that are given. The old session stays as it is. `orket compare` puts the two side by side.",
  ],
  args: [sessionArgument],
  options: [
    {
      name: "at",
      value: "STEP",
      summary: "The step, by its name in orket show: build, or build#2 for a later round.",
    },
    {
      name: "task",
      value: "TEXT",
      summary: "Another task; @FILE reads it from a file, - from standard input.",
    },
    { name: "input", value: "NAME=VALUE", multiple: true, summary: "Another value of an input." },
    { name: "model", value: "MODEL", summary: "Another model, for every role." },
    { name: "role-model", value: "ROLE=MODEL", multiple: true, summary: "Another model for one role." },
    {
      name: "prompt",
      value: "ROLE=TEXT",
      multiple: true,
      summary: "Another system prompt; @FILE takes it from a file.",
    },
    {
      name: "instruction",
      value: "STEP=TEXT",
      multiple: true,
      summary: "Another instruction; @FILE takes it from a file.",
    },
    { name: "role", value: "STEP=ROLE", multiple: true, summary: "Another role for a step." },
    {
      name: "limit",
      value: "NAME=VALUE",
      multiple: true,
      summary: "Another limit; the value none lifts it.",
    },
    approveOption,
    allowCommandsOption,
    { name: "no-run", summary: "Only make the session; orket resume goes on with it." },
    { ...jsonOption, summary: "Print the events on stdout, one JSON object per line, and nothing else." },
  ],
  examples: [
    {
      line: "orket fork last --at build#2 --instruction build=@build.md",
      does: "try another instruction from there on",
    },
    { line: "orket fork k3f9 --at review --model llama3.1:8b", does: "with another model" },
  ],
  run: fork,
};
