import type { ProviderDeps } from "../../adapters/provider/provider-deps";
import { venueOf } from "../../engine/model/definition";
import type { ResolvedVenue } from "../../engine/model/definition";
import { factsOf } from "../../engine/model/providers";
import { findRecord } from "../../engine/state/state";
import type { SessionState } from "../../engine/state/state";
import { viewSession } from "../../engine/view/session-view";
import { healthOf } from "./venue-health";
import { modelList } from "./venue-check";

/** Servers answer 404 to a wrong address, too; only these words tell that the model is what is missing. */
const missingModelWords =
  /model\b[^.]*\b(not found|not exist|unknown|invalid)|(no such|unknown|invalid) model|model_not_found/i;

/** A server that lacks the model that a failed step asked for, and the models that it has. */
export interface ModelsInstead {
  readonly venue: ResolvedVenue;
  /** Some of the models, for a sentence. */
  readonly models: string;
}

/**
 * Asks the server on which a session failed because of its model which ones it has. Never throws.
 * @returns undefined: no step failed for this reason, or the server has no list.
 */
export async function modelsInstead(
  state: SessionState,
  deps: ProviderDeps,
): Promise<ModelsInstead | undefined> {
  const { status, failed } = viewSession(state);
  const missing = failed.find(
    ({ code, message }) => code === "model_not_found" && missingModelWords.test(message),
  );
  const role = missing === undefined ? undefined : findRecord(state, missing.step)?.role;
  if (status !== "paused" || role === undefined) return undefined;
  const venue = venueOf(state.definition, role);
  if (factsOf(venue.provider).answeredBy !== "server") return undefined;
  const [found] = await healthOf(venue, deps);
  const names = found?.health.models.map(({ name }) => name) ?? [];
  return names.length === 0 ? undefined : { venue, models: modelList(names) };
}
