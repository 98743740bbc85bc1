import { providerOf } from "../../engine/model/called-venues";
import * as vscode from "vscode";
import { OrketError } from "../../engine/error/orket-error";
import { callSettings } from "../../engine/model/definition";
import type { Definition } from "../../engine/model/definition";
import { limitNames, limitsSchema } from "../../engine/model/flow";
import type { LimitName } from "../../engine/model/flow";
import { stepsOf } from "../../engine/model/plan";
import { changeDefinition } from "../../engine/history/fork";
import type { ForkChanges } from "../../engine/history/fork";
import type { InputDescription } from "../../language";
import { askInput } from "../flow/ask-input";
import { editText } from "./edit-text";
import { defined } from "../../engine/model/defined";
import { isFromFile } from "../../engine/model/providers";
import { entryOf } from "../../engine/model/entry-of";

/** What the questions about a fork's changes need. */
export interface ForkQuestions {
  readonly title: string;
  /** The id of the step at which the fork begins. */
  readonly step: string;
  readonly inputs: readonly InputDescription[];
  /** @returns undefined when the user cancelled. */
  readonly pickModel: (title: string, current: string | undefined) => Promise<string | undefined>;
}

/** Something that can be changed. */
interface Row extends vscode.QuickPickItem {
  /** @returns what is changed; undefined when the user cancelled. */
  readonly change?: () => Promise<ForkChanges | undefined>;
}

/** Asks for changes until the user runs the fork. @returns undefined when the user cancelled. */
export async function askChanges(
  definition: Definition,
  questions: ForkQuestions,
): Promise<ForkChanges | undefined> {
  let changes: ForkChanges = {};
  for (;;) {
    const now = changeDefinition(definition, changes);
    const rows: Row[] = [
      { label: "$(play) Run the Fork", description: changesText(changes) },
      { label: "Change", kind: vscode.QuickPickItemKind.Separator },
      ...stepRows(now, questions.step),
      ...modelRows(now, questions),
      taskRow(now),
      ...questions.inputs.map((input) => inputRow(now, input)),
      ...limitNames.map((name) => limitRow(now, name)),
    ];
    const picked = await vscode.window.showQuickPick(rows, {
      title: questions.title,
      placeHolder: "Run it as it is, or change something first",
      ignoreFocusOut: true,
      matchOnDescription: true,
    });
    if (picked === undefined) return undefined;
    if (picked.change === undefined) return changes;
    const more = await picked.change();
    if (more !== undefined) changes = await checked(definition, changes, joined(changes, more));
  }
}

/** Reports a change that cannot be made, and leaves it out. */
async function checked(
  definition: Definition,
  before: ForkChanges,
  after: ForkChanges,
): Promise<ForkChanges> {
  try {
    changeDefinition(definition, after);
    return after;
  } catch (error) {
    if (!OrketError.is(error)) throw error;
    await vscode.window.showWarningMessage("This cannot be changed so.", {
      modal: true,
      detail: [error.message, error.hint ?? ""].join(" ").trim(),
    });
    return before;
  }
}

function joined(before: ForkChanges, more: ForkChanges): ForkChanges {
  const { inputs, limits, models, prompts, instructions, roles } = before;
  return {
    ...before,
    ...more,
    inputs: { ...inputs, ...more.inputs },
    limits: { ...limits, ...more.limits },
    // Another model for every role also applies to roles that had their own.
    models: more.model === undefined ? { ...models, ...more.models } : {},
    prompts: { ...prompts, ...more.prompts },
    instructions: { ...instructions, ...more.instructions },
    roles: { ...roles, ...more.roles },
  };
}

function changesText(changes: ForkChanges): string {
  const { instructions, prompts, roles, model, models, task, inputs, limits } = changes;
  const parts = [
    ...Object.keys(instructions ?? {}).map((id) => `instruction of ${id}`),
    ...Object.keys(prompts ?? {}).map((role) => `prompt of ${role}`),
    ...Object.entries(roles ?? {}).map(([id, role]) => `${id} by ${role}`),
    ...(model === undefined ? [] : [`model ${model}`]),
    ...Object.entries(models ?? {}).map(([role, own]) => `model of ${role} ${own}`),
    ...(task === undefined ? [] : ["task"]),
    ...Object.entries(inputs ?? {}).map(
      ([name, value]) => `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`,
    ),
    ...Object.entries(limits ?? {}).map(([name, value]) => `${name} ${String(value ?? "none")}`),
  ];
  return parts.length === 0 ? "nothing changed: the step is tried again" : `changed: ${parts.join(", ")}`;
}

function stepRows(now: Definition, id: string): Row[] {
  const step = stepsOf(now.score.steps).find((one) => one.id === id);
  if (step === undefined) return [];
  const { role, instruction } = step;
  const prompt = entryOf(now.band.roles, role)?.prompt ?? "";
  return [
    {
      label: "$(edit) Instruction",
      description: id,
      detail: firstLine(instruction),
      change: async () => {
        const text = await editText(`The instruction of ${id}`, instruction);
        return text === undefined ? undefined : { instructions: { [id]: text } };
      },
    },
    {
      label: "$(edit) Prompt",
      description: role,
      detail: firstLine(prompt),
      change: async () => {
        const text = await editText(`The prompt of ${role}`, prompt);
        return text === undefined ? undefined : { prompts: { [role]: text } };
      },
    },
    {
      label: "$(person) Role",
      description: role,
      change: async () => {
        const items = Object.entries(now.band.roles).map(([name, { description = "" }]) => ({
          label: name,
          description: name === role ? "performs it now" : "",
          detail: description,
        }));
        const picked = await vscode.window.showQuickPick(items, {
          title: `Who performs ${id}?`,
          ignoreFocusOut: true,
          matchOnDetail: true,
        });
        return picked === undefined ? undefined : { roles: { [id]: picked.label } };
      },
    },
  ];
}

/** Scripted replies come from no model, so there is no model to change. */
function modelRows(now: Definition, { pickModel }: ForkQuestions): Row[] {
  if (isFromFile(providerOf(now))) return [];
  const roles = [...new Set(stepsOf(now.score.steps).map(({ role }) => role))];
  const modelOf = (role: string): string => callSettings(now, role).model;
  const models = [...new Set(roles.map(modelOf))];
  const change = async (): Promise<ForkChanges | undefined> => {
    const role = roles.length > 1 ? await pickRole(roles, modelOf) : "";
    if (role === undefined) return undefined;
    const title = role === "" ? "The model of every role" : `The model of ${role}`;
    const model = await pickModel(title, role === "" ? now.venue.model : modelOf(role));
    if (model === undefined) return undefined;
    return role === "" ? { model } : { models: { [role]: model } };
  };
  return [{ label: "$(server-environment) Model", description: models.join(", "), change }];
}

/** @returns a role, or "" for all of them. */
async function pickRole(
  roles: readonly string[],
  modelOf: (role: string) => string,
): Promise<string | undefined> {
  const items = [
    { label: "Every Role", description: "", role: "" },
    ...roles.map((role) => ({ label: role, description: modelOf(role), role })),
  ];
  const picked = await vscode.window.showQuickPick(items, { title: "Whose model?", ignoreFocusOut: true });
  return picked?.role;
}

function taskRow({ flow }: Definition): Row {
  return {
    label: "$(checklist) Task",
    detail: firstLine(flow.task),
    change: async () => {
      const task = await editText("The task", flow.task);
      return task === undefined || task.trim() === "" ? undefined : { task };
    },
  };
}

function inputRow({ flow }: Definition, input: InputDescription): Row {
  const { name } = input;
  const value = entryOf(flow.inputs, name);
  return {
    label: "$(symbol-variable) Input",
    description: `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`,
    ...defined({ detail: input.description }),
    change: async () => {
      const now = { ...input, ...defined({ default: value }) };
      const given = await askInput(now, `The input ${name}`, "now");
      return given === undefined ? undefined : { inputs: { [name]: given } };
    },
  };
}

function limitRow({ flow }: Definition, name: LimitName): Row {
  const value = flow.limits[name];
  return {
    label: "$(dashboard) Limit",
    description: `${name}: ${value === undefined ? "none" : value}`,
    change: async () => {
      const text = await vscode.window.showInputBox({
        title: `The limit ${name}`,
        prompt: "A number; empty for no limit.",
        value: value === undefined ? "" : String(value),
        ignoreFocusOut: true,
        validateInput: (typed) => {
          if (typed.trim() === "") return undefined;
          const { error } = limitsSchema.shape[name].safeParse(Number(typed));
          return error?.issues[0]?.message;
        },
      });
      if (text === undefined) return undefined;
      return { limits: { [name]: text.trim() === "" ? undefined : Number(text) } };
    },
  };
}

function firstLine(text: string): string {
  const [line = ""] = text.trim().split("\n");
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
}
