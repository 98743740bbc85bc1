import * as vscode from "vscode";
import type { ProviderDeps } from "../../adapters/provider/provider-deps";
import type { Backend } from "../../app/venue/capability-memory";
import { modelFacts } from "../../app/venue/venue-health";
import type { ProviderHealth } from "../../adapters/provider/health-types";
import { healthOf } from "./venue-health";

interface ModelItem extends vscode.QuickPickItem {
  readonly model?: string;
}

/**
 * Asks for a model of the Venue's backend: one that the backend lists, or any typed name.
 * @param current the model now configured; undefined: none.
 * @returns undefined when the user cancelled.
 */
export async function pickModel(
  venue: Backend,
  deps: ProviderDeps,
  title: string,
  current: string | undefined,
): Promise<string | undefined> {
  const picker = vscode.window.createQuickPick<ModelItem>();
  picker.title = title;
  picker.placeholder = "A model of the backend, or type its name";
  picker.ignoreFocusOut = true;
  picker.busy = true;
  let health: ProviderHealth | undefined;
  let open = true;
  const draw = (): void => {
    picker.items = itemsOf(health, picker.value.trim(), current);
  };
  try {
    const picked = new Promise<ModelItem | undefined>((resolve) => {
      picker.onDidChangeValue(draw);
      picker.onDidAccept(() => {
        const [item] = picker.selectedItems;
        if (item?.model !== undefined) resolve(item);
      });
      picker.onDidHide(() => resolve(undefined));
    });
    draw();
    picker.show();
    void healthOf(venue, deps).then((found) => {
      if (!open) return;
      health = found;
      picker.busy = false;
      draw();
    });
    return (await picked)?.model;
  } finally {
    open = false;
    picker.dispose();
  }
}

function itemsOf(
  health: ProviderHealth | undefined,
  typed: string,
  current: string | undefined,
): readonly ModelItem[] {
  const models = health?.models ?? [];
  const known = models.map((model) => ({
    label: `${model.name === current ? "$(check)" : "$(blank)"} ${model.name}`,
    description: modelFacts(model).join(", "),
    model: model.name,
  }));
  const isNew = typed !== "" && !models.some(({ name }) => name === typed);
  return [
    ...known,
    ...(isNew
      ? [{ label: `$(edit) ${typed}`, description: "as typed", model: typed, alwaysShow: true }]
      : []),
    ...(known.length > 0 || isNew ? [] : [{ label: emptyText(health), alwaysShow: true }]),
  ];
}

function emptyText(health: ProviderHealth | undefined): string {
  if (health === undefined) return "The backend is asked which models it has …";
  return health.problem ?? "The backend names no model; type one.";
}
