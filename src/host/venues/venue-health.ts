import * as vscode from "vscode";
import type { ProviderDeps } from "../../adapters/provider/provider-deps";
import type { Backend } from "../../app/venue/capability-memory";
import { withSentModels } from "../../app/venue/sent-models";
import { healthOf as askBackends } from "../../app/venue/venue-health";
import type { VenueFile } from "../../engine/model/venue";
import { contentOf } from "../../language";
import { modelName } from "../provider/model-choice";
import type { FolderProject } from "../project/project-index";
import { oneRow } from "./venue-row";
import type { VenueHealth } from "./venue-row";
import { factsOf } from "../../engine/model/providers";

/** A folder's readable Venues, by name. */
export function venuesOf({ project }: FolderProject): VenueFile[] {
  const venues = [...project.sources.values()].flatMap((source) => {
    const venue = contentOf(source, "venue");
    return venue === undefined ? [] : [withSentModels(project, source.path, venue)];
  });
  return venues.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Which backends answer, and with what; a mesh's nodes together. Never throws. */
export async function healthOf(venue: Backend, deps: ProviderDeps): Promise<VenueHealth> {
  if (factsOf(venue.provider).answeredBy === "editor") return editorHealth();
  return oneRow(await askBackends(venue, deps));
}

async function editorHealth(): Promise<VenueHealth> {
  const models = await vscode.lm.selectChatModels();
  return {
    reachable: models.length > 0,
    models: models.map((model) => ({ name: modelName(model), contextTokens: model.maxInputTokens })),
    missing: [],
    ...(models.length > 0 ? {} : { problem: "VS Code offers no language model at the moment." }),
  };
}
