import * as vscode from "vscode";
import { forkSession } from "../../adapters/runtime/audit";
import type { Definition, PlanNode } from "../../engine/model/definition";
import { limitsSchema } from "../../engine/model/flow";
import { changeDefinition, type ForkChanges } from "../../engine/session/fork";
import type { SessionController } from "../session/session-controller";
import type { SessionRegistry } from "../session/session-registry";
import { editText } from "./edit-text";

type StepNode = Extract<PlanNode, { kind: "step" }>;

function stepsOf(nodes: readonly PlanNode[]): StepNode[] {
  return nodes.flatMap((node) =>
    node.kind === "step" ? [node] : stepsOf(node.kind === "loop" ? node.body : node.branches),
  );
}

interface Row extends vscode.QuickPickItem {
  /** @returns false when the person turned back. */
  readonly change?: () => Promise<void>;
}

/** Asks for the step and the changes, and starts the fork. @returns undefined when the person turned back. */
export async function fork(
  sessions: SessionRegistry,
  controller: SessionController,
): Promise<SessionController | undefined> {
  const at = await pickStep(controller);
  if (at === undefined) return undefined;
  const change = await askChanges(controller.state.definition, at, controller.view.flow);
  if (change === undefined) return undefined;
  return startFork(sessions, controller, at, change);
}

/** Makes the fork and performs it. */
export async function startFork(
  sessions: SessionRegistry,
  { directory, workDomain }: SessionController,
  at: string,
  change: (definition: Definition) => Definition,
): Promise<SessionController> {
  return sessions.startWith(workDomain, (options) => forkSession(directory, at, change, options));
}

async function pickStep({ events, view }: SessionController): Promise<string | undefined> {
  const begun = [
    ...new Set(events.flatMap(({ type, step }) => (type === "step_start" && step !== null ? [step] : []))),
  ];
  if (begun.length === 0) {
    void vscode.window.showInformationMessage(
      "No step of the session has begun: run its Flow again instead.",
    );
    return undefined;
  }
  const items = begun.map((key) => {
    const step = view.steps.find((one) => one.key === key);
    return {
      label: key,
      description: step === undefined ? "" : [step.role, step.verdict ?? step.status].join(" · "),
    };
  });
  const picked = await vscode.window.showQuickPick(items, {
    title: `Fork ${view.flow} (1/2)`,
    placeHolder: "From which step on? What stands before it is shared and costs no model call.",
    ignoreFocusOut: true,
    matchOnDescription: true,
  });
  return picked?.label;
}

/** One change after another, until the fork is to run. */
async function askChanges(
  definition: Definition,
  at: string,
  flow: string,
): Promise<((definition: Definition) => Definition) | undefined> {
  const id = at.replace(/#.*$/, "");
  let changes: ForkChanges = {};
  for (;;) {
    const now = changeDefinition(definition, changes);
    const step = stepsOf(now.score.steps).find((one) => one.id === id);
    const take = (more: ForkChanges): void => void (changes = { ...changes, ...more });
    const rows = [
      {
        label: "$(play) Run the Fork",
        description: described(changes),
      },
      { label: "Change", kind: vscode.QuickPickItemKind.Separator },
      ...(step === undefined ? [] : stepRows(now, step, changes, take)),
      ...sessionRows(now, changes, take),
    ] satisfies Row[];
    const picked: Row | undefined = await vscode.window.showQuickPick<Row>(rows, {
      title: `Fork ${flow} at ${at} (2/2)`,
      placeHolder: "Run it as it is, or change something first",
      ignoreFocusOut: true,
      matchOnDescription: true,
    });
    if (picked === undefined) return undefined;
    if (picked.change === undefined) {
      const made = changes;
      return (old) => changeDefinition(old, made);
    }
    await picked.change();
  }
}

function described({ instructions, prompts, roles, model, task, limits }: ForkChanges): string {
  const parts = [
    ...Object.keys(instructions ?? {}).map((id) => `instruction of ${id}`),
    ...Object.keys(prompts ?? {}).map((role) => `prompt of ${role}`),
    ...Object.entries(roles ?? {}).map(([id, role]) => `${id} by ${role}`),
    ...(model === undefined ? [] : [`model ${model}`]),
    ...(task === undefined ? [] : ["task"]),
    ...Object.entries(limits ?? {}).map(([name, value]) => `${name} ${String(value ?? "none")}`),
  ];
  return parts.length === 0 ? "nothing changed: the step is tried again" : `changed: ${parts.join(", ")}`;
}

function stepRows(
  now: Definition,
  step: StepNode,
  changes: ForkChanges,
  take: (more: ForkChanges) => void,
): Row[] {
  const { id, role, instruction } = step;
  const prompt = now.band.roles[role]?.prompt ?? "";
  return [
    {
      label: "$(edit) Instruction",
      description: id,
      detail: firstLine(instruction),
      change: async () => {
        const text = await editText(`The instruction of ${id}`, instruction);
        if (text !== undefined) take({ instructions: { ...changes.instructions, [id]: text } });
      },
    },
    {
      label: "$(edit) Prompt",
      description: role,
      detail: firstLine(prompt),
      change: async () => {
        const text = await editText(`The prompt of ${role}`, prompt);
        if (text !== undefined) take({ prompts: { ...changes.prompts, [role]: text } });
      },
    },
    {
      label: "$(person) Role",
      description: role,
      change: async () => {
        const picked = await vscode.window.showQuickPick(Object.keys(now.band.roles), {
          title: `Who performs ${id}?`,
          ignoreFocusOut: true,
        });
        if (picked !== undefined) take({ roles: { ...changes.roles, [id]: picked } });
      },
    },
  ];
}

function sessionRows(now: Definition, changes: ForkChanges, take: (more: ForkChanges) => void): Row[] {
  const { flow, venue } = now;
  return [
    {
      label: "$(server-environment) Model",
      description: venue.model ?? "none",
      change: async () => {
        const model = await vscode.window.showInputBox({
          title: "The model, for every role",
          value: venue.model ?? "",
          ignoreFocusOut: true,
        });
        if (model !== undefined && model.trim() !== "") take({ model: model.trim() });
      },
    },
    {
      label: "$(checklist) Task",
      detail: firstLine(flow.task),
      change: async () => {
        const task = await editText("The task", flow.task);
        if (task !== undefined && task.trim() !== "") take({ task });
      },
    },
    ...Object.keys(limitsSchema.shape).map((name) =>
      limitRow(name as keyof Definition["flow"]["limits"], now, changes, take),
    ),
  ];
}

function limitRow(
  name: keyof Definition["flow"]["limits"],
  { flow }: Definition,
  changes: ForkChanges,
  take: (more: ForkChanges) => void,
): Row {
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
      if (text === undefined) return;
      take({ limits: { ...changes.limits, [name]: text.trim() === "" ? undefined : Number(text) } });
    },
  };
}

function firstLine(text: string): string {
  const [line = ""] = text.trim().split("\n");
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
}
