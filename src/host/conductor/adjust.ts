import * as vscode from "vscode";
import type { ProviderDeps } from "../../adapters/provider/provider-deps";
import { adjustedPrompt } from "../../app/session/adjusted-prompt";
import { instructionOf } from "../../engine/conductor/adjusted";
import type { AdjustmentBody } from "../../engine/event/event";
import { callSettings } from "../../engine/model/definition";
import { adjustmentText } from "../../engine/view/adjustment-text";
import { activeRuns } from "../../engine/state/cursor";
import { plannedSteps } from "../../engine/model/plan";
import type { SessionController } from "../../app/session/controller";
import { editText } from "../history/edit-text";
import type { Reports } from "../history/reports";
import { pickModel } from "../venues/pick-model";

/** What an adjustment needs to ask its questions. */
export interface AdjustParts {
  readonly reports: Reports;
  readonly provider: ProviderDeps;
}

interface Choice extends vscode.QuickPickItem {
  readonly make: () => Promise<Change | undefined>;
}

/** An adjustment; one of a text states the text before it too. */
interface Change {
  readonly adjustment: AdjustmentBody;
  readonly texts?: { readonly before: string; readonly after: string };
}

/**
 * Asks what to change in a session that has not ended: a step's instruction, a role's prompt, model or
 * temperature. What it does to the whole prompt is shown first, and it is made only if the user confirms it.
 */
export async function adjustSession(controller: SessionController, parts: AdjustParts): Promise<void> {
  const title = `Adjust ${controller.view.flow}`;
  const chosen = await vscode.window.showQuickPick(choicesOf(controller, parts, title), {
    title,
    placeHolder: "What is to be different?",
    matchOnDescription: true,
  });
  const change = await chosen?.make();
  if (change === undefined) return;
  const { adjustment, texts } = change;
  if (texts !== undefined && texts.before.trimEnd() === texts.after.trimEnd()) return;
  const prompt = adjustedPrompt(controller.state, adjustment);
  if (prompt !== undefined) {
    const name = `prompt of ${prompt.step.replace("#", " ")}`;
    const others = prompt.others === 0 ? "" : ` (and of ${prompt.others} more)`;
    await parts.reports.diff(
      `${name}${others}: as it is ↔ as it would be`,
      { name: `${name}.md`, text: prompt.before },
      { name: `${name}.md`, text: prompt.after },
    );
  }
  const apply = "Apply";
  const answer = await vscode.window.showInformationMessage(adjustmentText(adjustment), apply, "Cancel");
  if (answer === apply) await controller.adjust(adjustment);
}

function choicesOf(controller: SessionController, { provider }: AdjustParts, title: string): Choice[] {
  const { state } = controller;
  const { definition } = state;
  const steps = plannedSteps(definition.score.steps).filter(({ node }) => node.does === undefined);
  const active = activeRuns(state.score).map(({ run }) => run);
  const instructions = steps.map(({ node }): Choice => {
    const run = active.find((one) => one.node.id === node.id);
    return {
      label: `$(edit) Instruction of ${node.id}`,
      description: node.role,
      make: async () => {
        const target =
          run === undefined || run.key === node.id ? node.id : await pickRun(title, node.id, run.key);
        if (target === undefined) return undefined;
        const before = instructionOf(state, target);
        const after = await editText(`${title}: instruction of ${target}`, before);
        if (after === undefined) return undefined;
        return {
          adjustment: { kind: "patch", step: target, instruction: after },
          texts: { before, after },
        };
      },
    };
  });
  const roles = Object.entries(definition.band.roles).flatMap(([role, { prompt }]): Choice[] => {
    const settings = callSettings(definition, role);
    return [
      {
        label: `$(person) Prompt of ${role}`,
        make: async () => {
          const after = await editText(`${title}: prompt of ${role}`, prompt);
          if (after === undefined) return undefined;
          return {
            adjustment: { kind: "patch_role", role, prompt: after },
            texts: { before: prompt, after },
          };
        },
      },
      {
        label: `$(server) Model of ${role}`,
        description: settings.model,
        make: async () => {
          const model = await pickModel(
            definition.venue,
            provider,
            `${title}: model of ${role}`,
            settings.model,
          );
          if (model === undefined) return undefined;
          const once = await pickOnce(title, role);
          if (once === undefined) return undefined;
          return { adjustment: { kind: "set_model", role, model, ...once } };
        },
      },
      {
        label: `$(symbol-ruler) Temperature of ${role}`,
        description: settings.temperature === undefined ? "" : String(settings.temperature),
        make: async () => {
          const typed = await vscode.window.showInputBox({
            title: `${title}: temperature of ${role}`,
            value: String(settings.temperature ?? 0),
            validateInput: (text) =>
              text.trim() !== "" && Number(text) >= 0 ? undefined : "Type a number from 0 on, such as 0.2.",
          });
          if (typed === undefined) return undefined;
          const once = await pickOnce(title, role);
          if (once === undefined) return undefined;
          return { adjustment: { kind: "set_model", role, temperature: Number(typed), ...once } };
        },
      },
    ];
  });
  return [...instructions, ...roles];
}

/** Whether an instruction applies to the next run only, or to every run from then on. */
async function pickRun(title: string, id: string, key: string): Promise<string | undefined> {
  const picked = await vscode.window.showQuickPick(
    [
      { label: "From now on", description: `each run of ${id}`, step: id },
      { label: "Once", description: `${key} alone`, step: key },
    ],
    { title },
  );
  return picked?.step;
}

async function pickOnce(title: string, role: string): Promise<{ once?: true } | undefined> {
  const picked = await vscode.window.showQuickPick(
    [
      { label: "From now on", description: `each step of ${role}`, value: {} },
      { label: "Once", description: `until the next step of ${role} ends`, value: { once: true as const } },
    ],
    { title },
  );
  return picked?.value;
}
