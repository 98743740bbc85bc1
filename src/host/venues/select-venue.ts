import * as vscode from "vscode";
import type { ProviderDeps } from "../../adapters/provider/provider-deps";
import { CapabilityMemory, endpointsOf } from "../../app/venue/capability-memory";
import { nodeEnvironment } from "../../adapters/journal/environment";
import { OrketError } from "../../engine/error/orket-error";
import type { VenueFile } from "../../engine/model/venue";
import type { ProjectIndex } from "../project/project-index";
import { isOnDisk } from "../session/on-disk";
import { mayRun } from "../flow/run-flow";
import { knownOf, tryVenue } from "./try-venue";
import type { VenueChoice } from "./venue-choice";
import { healthOf, venuesOf } from "./venue-health";
import { modelsText, standingText } from "./venue-row";
import type { VenueHealth } from "./venue-row";
import { isFromFile } from "../../engine/model/providers";

interface VenueItem extends vscode.QuickPickItem {
  /** undefined: the Venue that each Flow names. */
  readonly venue?: VenueFile;
}

/** A Venue's health, and what earlier trials found. */
interface Found {
  readonly health: VenueHealth;
  readonly tried: readonly string[];
}

/** Selects the Venue for the next runs; shows the health of each. */
export async function selectVenue(
  index: ProjectIndex,
  choice: VenueChoice,
  deps: ProviderDeps,
): Promise<void> {
  if (!(await mayRun())) return;
  const memories = new Map<VenueFile, CapabilityMemory>();
  // Findings about a Venue are kept in its project, which requires a disk.
  for (const project of (await index.all()).filter(({ folder }) => isOnDisk(folder))) {
    const memory = new CapabilityMemory(nodeEnvironment, project.folder.uri.fsPath);
    for (const venue of venuesOf(project)) memories.set(venue, memory);
  }
  const venues = [...memories.keys()];
  if (venues.length === 0) {
    throw new OrketError("usage", "This folder has no Venue.", {
      hint: "A Venue is a file NAME.venue.yaml; the command Orket: New Flow writes one.",
    });
  }
  const picker = vscode.window.createQuickPick<VenueItem>();
  const refresh = { iconPath: new vscode.ThemeIcon("refresh"), tooltip: "Ask Again" };
  picker.title = "Venue for the next runs";
  picker.placeholder = "The definition of each run records which one it was";
  picker.buttons = [refresh];
  picker.ignoreFocusOut = true;
  picker.matchOnDescription = true;
  picker.matchOnDetail = true;
  const known = new Map<VenueFile, Found>();
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
      [...memories].map(async ([venue, memory]) => {
        const health = await healthOf(venue, deps);
        const tried = await knownOf(venue, memory);
        if (mine !== round) return;
        known.set(venue, { health, tried });
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
      picker.onDidTriggerItemButton(({ item: { venue } }) => {
        const memory = venue === undefined ? undefined : memories.get(venue);
        if (venue === undefined || memory === undefined) return;
        const open = round;
        tryVenue(venue, memory, deps)
          .then(() => (round === open ? ask() : undefined))
          .catch(reject);
      });
      picker.show();
      ask().catch(reject);
    });
    if (picked !== undefined) await choice.choose(picked.venue?.name);
  } finally {
    round += 1;
    picker.dispose();
  }
}

const tryButton: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon("beaker"),
  tooltip: "Try Out What Its Models Can Do (Four Short Calls Each)",
};

function ownItem(chosen: string | undefined): VenueItem {
  return {
    label: `${chosen === undefined ? "$(check)" : "$(blank)"} As Each Flow Says`,
    alwaysShow: true,
  };
}

function venueItem(venue: VenueFile, found: Found | undefined, chosen: string | undefined): VenueItem {
  const label = `${venue.name === chosen ? "$(check)" : "$(blank)"} ${venue.name}`;
  // As high as with its answer: a row that grew would move the rows below it under the pointer.
  if (found === undefined) return { label, description: venue.provider, detail: "Is asked …", venue };
  const { health, tried } = found;
  const { missing } = health;
  const facts = [
    ...(health.problem === undefined ? [] : [health.problem]),
    ...(missing.length === 0 ? [] : [`Not there: ${missing.join(", ")}, which the Venue names.`]),
    ...(isFromFile(venue.provider) ? ["Replies from a file, no model"] : [modelsText(health)]),
    ...tried,
  ].filter((fact) => fact !== "");
  const isWhole = health.problem === undefined && missing.length === 0;
  const icon = !health.reachable ? "$(error)" : isWhole ? "$(pass)" : "$(warning)";
  return {
    label,
    description: `${icon} ${venue.provider}, ${standingText(health)}`,
    detail: facts.length === 0 ? "It names no model" : facts.join(" · "),
    buttons: health.reachable && endpointsOf(venue).length > 0 ? [tryButton] : [],
    venue,
  };
}
