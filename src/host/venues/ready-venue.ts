import * as vscode from "vscode";
import type { ProviderDeps } from "../../adapters/provider/provider-deps";
import { troubleOf } from "../../app/venue/venue-check";
import { withModelFor } from "../../app/venue/venue-now";
import { CancelSource } from "../../engine/port/cancellation";
import { calledVenues } from "../../engine/model/called-venues";
import { factsOf } from "../../engine/model/providers";
import type { Definition } from "../../engine/model/definition";
import { commandIds } from "../ids";

/** Maximum number of models offered as buttons. */
const offeredModels = 3;

/**
 * Checks whether a run can work on the Venue. If not, it reports this before anything starts, and offers another
 * of the server's models for this run, another Venue, or starting anyway.
 * @returns the definition to run; undefined: none.
 * @throws {OrketError} definition_invalid, secret_missing, key_not_allowed.
 */
export async function readyDefinition(
  definition: Definition,
  deps: ProviderDeps,
): Promise<Definition | undefined> {
  const { name } = definition.venue;
  const outside = calledVenues(definition).filter(({ venue }) =>
    ["server", "nodes"].includes(factsOf(venue.provider).answeredBy),
  );
  if (outside.length === 0) return definition;
  const cancellation = new CancelSource();
  const trouble = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: `Asking the Venue ${name}`, cancellable: true },
    (_, token) => {
      token.onCancellationRequested(() => cancellation.cancel());
      return troubleOf(definition, deps, cancellation, { listsHere: () => true });
    },
  );
  if (cancellation.aborted) return undefined;
  if (trouble === undefined) return definition;
  const use = trouble.models.slice(0, offeredModels).map((model) => ({ label: `Use ${model}`, model }));
  const select = "Select Venue";
  const anyway = "Run Anyway";
  const answer = await vscode.window.showErrorMessage(
    `${trouble.message} ${trouble.hint}`,
    ...use.map(({ label }) => label),
    select,
    anyway,
  );
  if (answer === select) await vscode.commands.executeCommand(commandIds.selectVenue);
  if (answer === anyway) return definition;
  const model = use.find(({ label }) => label === answer)?.model;
  if (model === undefined) return undefined;
  const withModel = (venue: Definition["venue"], role: string): Definition["venue"] =>
    withModelFor(venue, role, model);
  return { ...definition, venue: trouble.roles.reduce(withModel, definition.venue) };
}
