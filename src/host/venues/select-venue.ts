import * as vscode from "vscode";
import type { ProviderDeps } from "../../adapters/provider/provider-deps";
import { OrketError } from "../../engine/error/orket-error";
import type { VenueFile } from "../../engine/model/venue";
import type { ProviderHealth } from "../../engine/port/model-provider";
import type { ProjectIndex } from "../project/project-index";
import { mayRun } from "../session/run-flow";
import type { VenueChoice } from "./venue-choice";
import { healthOf, missingModels, modelsText, standingText, venuesOf } from "./venue-health";

interface VenueItem extends vscode.QuickPickItem {
  /** undefined: as each Flow says. */
  readonly venue?: VenueFile;
}

/** Which Venue the next runs use, with how each one stands. */
export async function selectVenue(
  index: ProjectIndex,
  choice: VenueChoice,
  deps: ProviderDeps,
): Promise<void> {
  if (!(await mayRun())) return;
  const venues = (await index.all()).flatMap(venuesOf);
  if (venues.length === 0) {
    throw new OrketError("usage", "This folder has no Venue.", {
      mend: "A Venue is a file NAME.venue.yaml; the command Orket: New Flow writes one.",
    });
  }
  const picker = vscode.window.createQuickPick<VenueItem>();
  const refresh = { iconPath: new vscode.ThemeIcon("refresh"), tooltip: "Ask Again" };
  picker.title = "Venue for the next runs";
  picker.placeholder = "The definition of each run records which one it was";
  picker.buttons = [refresh];
  picker.matchOnDescription = true;
  picker.matchOnDetail = true;
  const known = new Map<VenueFile, ProviderHealth>();
  let round = 0;
  const draw = (): void => {
    const active = picker.activeItems[0]?.venue?.name;
    const items = [
      ownItem(choice.name),
      ...venues.map((venue) => venueItem(venue, known.get(venue), choice.name)),
    ];
    picker.items = items;
    picker.activeItems = items.filter(({ venue }) => venue?.name === (active ?? choice.name)).slice(0, 1);
  };
  const ask = async (): Promise<void> => {
    const mine = (round += 1);
    known.clear();
    picker.busy = true;
    draw();
    await Promise.all(
      venues.map(async (venue) => {
        const health = await healthOf(venue, deps);
        if (mine !== round) return;
        known.set(venue, health);
        draw();
      }),
    );
    if (mine === round) picker.busy = false;
  };
  try {
    const picked = await new Promise<VenueItem | undefined>((resolve, reject) => {
      picker.onDidAccept(() => resolve(picker.selectedItems[0]));
      picker.onDidHide(() => resolve(undefined));
      picker.onDidTriggerButton(() => void ask().catch(reject));
      picker.show();
      ask().catch(reject);
    });
    if (picked !== undefined) await choice.choose(picked.venue?.name);
  } finally {
    round += 1;
    picker.dispose();
  }
}

function ownItem(chosen: string | undefined): VenueItem {
  return {
    label: `${chosen === undefined ? "$(check)" : "$(blank)"} As Each Flow Says`,
    alwaysShow: true,
  };
}

function venueItem(
  venue: VenueFile,
  health: ProviderHealth | undefined,
  chosen: string | undefined,
): VenueItem {
  const label = `${venue.name === chosen ? "$(check)" : "$(blank)"} ${venue.name}`;
  if (health === undefined) return { label, description: `${venue.provider}, is asked …`, venue };
  const missing = missingModels(venue, health);
  const facts = [
    ...(health.problem === undefined ? [] : [health.problem]),
    ...(missing.length === 0 ? [] : [`Not there: ${missing.join(", ")}, which the Venue names.`]),
    ...(venue.provider === "scripted" ? ["Replies from a file, no model"] : [modelsText(health)]),
  ].filter((fact) => fact !== "");
  const icon = !health.reachable ? "$(error)" : missing.length > 0 ? "$(warning)" : "$(pass)";
  return {
    label,
    description: `${icon} ${venue.provider}, ${standingText(health)}`,
    detail: facts.join(" · "),
    venue,
  };
}
