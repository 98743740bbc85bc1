import * as vscode from "vscode";
import type { SessionController } from "../../app/session/controller";
import { changedVenue, withModelFor } from "../../app/venue/venue-now";
import type { ProviderDeps } from "../../adapters/provider/provider-deps";
import { OrketError } from "../../engine/error/orket-error";
import { defined } from "../../engine/model/defined";
import { venueOf } from "../../engine/model/definition";
import type { Definition, ResolvedVenue } from "../../engine/model/definition";
import { factsOf } from "../../engine/model/providers";
import { activeRuns } from "../../engine/state/cursor";
import type { SessionState } from "../../engine/state/state";
import type { VenueWays } from "../conductor/conductor-screen";
import { folderOf } from "../project/project-index";
import type { ProjectIndex } from "../project/project-index";
import { healthOf } from "./venue-health";

/** Maximum number of models offered as buttons. */
const offeredModels = 4;

/** The possible changes to the Venue of a session that failed on it, and making them. */
export class VenueChanges implements vscode.Disposable {
  readonly #found = new vscode.EventEmitter<void>();
  /** The models of a Venue's server, by the session and the Venue. */
  readonly #models = new Map<string, readonly string[] | "asked">();
  /** Fires when more is known than `waysOf` returned. */
  readonly onDidFind = this.#found.event;
  readonly #index: ProjectIndex;
  readonly #deps: ProviderDeps;

  constructor(index: ProjectIndex, deps: ProviderDeps) {
    this.#index = index;
    this.#deps = deps;
  }

  dispose(): void {
    this.#found.dispose();
  }

  /** What is known so far; the server is asked for its models in the background, once. */
  async waysOf(controller: SessionController): Promise<VenueWays> {
    const { view, state } = controller;
    const failed = view.failed.filter(({ code }) => code.startsWith("model_") || code === "prompt_too_large");
    if (failed.length === 0 || view.status === "ended") return {};
    const changed = (await this.#now(controller))?.name;
    const lacking = failed.filter(({ code }) => code === "model_not_found");
    const models: Record<string, readonly string[]> = {};
    for (const { step } of lacking) {
      const role = roleOf(state, step);
      const known =
        role === undefined ? undefined : this.#modelsOf(controller.id, venueOf(state.definition, role));
      if (known !== undefined) models[step] = known;
    }
    return { models, ...defined({ changed }) };
  }

  /** Records the Venue as its file states it now, and resumes with it. @throws {OrketError} command_refused and others. */
  async takeFile(controller: SessionController): Promise<void> {
    const venue = await this.#now(controller);
    if (venue === undefined)
      throw new OrketError("command_refused", "The Venue's file says what the session has already.", {
        hint: "Change the file, or retry.",
      });
    await goOnWith(controller, venue);
  }

  /** Records another model for the step's role, and resumes with it. @throws {OrketError} */
  async takeModel(controller: SessionController, step: string, model: string): Promise<void> {
    const role = roleOf(controller.state, step);
    if (role === undefined)
      throw new OrketError("command_refused", `The step ${step} has not failed.`, { hint: "Look again." });
    await goOnWith(controller, withModelFor(controller.state.definition.venue, role, model));
  }

  async #now({ workDomain, state }: SessionController): Promise<Definition["venue"] | undefined> {
    const folder = folderOf(workDomain);
    if (folder === undefined) return undefined;
    return changedVenue((await this.#index.of(folder)).project, state.definition);
  }

  #modelsOf(session: string, venue: ResolvedVenue): readonly string[] | undefined {
    if (factsOf(venue.provider).answeredBy !== "server") return undefined;
    const key = JSON.stringify([session, venue]);
    const known = this.#models.get(key);
    if (known !== undefined) return known === "asked" ? undefined : known;
    this.#models.set(key, "asked");
    void healthOf(venue, this.#deps).then(({ models }) => {
      this.#models.set(
        key,
        models.slice(0, offeredModels).map(({ name }) => name),
      );
      this.#found.fire();
    });
    return undefined;
  }
}

/** The role of a step that is at work or has failed. */
function roleOf({ score }: SessionState, step: string): string | undefined {
  return activeRuns(score).find(({ run }) => run.key === step)?.run.node.role;
}

async function goOnWith(controller: SessionController, venue: Definition["venue"]): Promise<void> {
  await controller.submit({ kind: "change_venue", by: "person", venue });
  await controller.resume();
}
