import * as vscode from "vscode";
import type { ProviderDeps } from "../../adapters/provider/provider-deps";
import { agreeToCommands } from "../session/command-consent";
import { forkSession } from "../../app/session/fork";
import { readSession } from "../../app/session/open";
import type { Definition } from "../../engine/model/definition";
import { changeDefinition, definitionAt, sharedEvents } from "../../engine/history/fork";
import { stepIdOf } from "../../engine/state/place";
import { inputsGiven } from "../../language";
import type { InputDescription } from "../../language";
import { folderOf } from "../project/project-index";
import type { ProjectIndex } from "../project/project-index";
import type { SessionController } from "../../app/session/controller";
import type { SessionRegistry } from "../session/session-registry";
import { pickModel } from "../venues/pick-model";
import { askChanges } from "./fork-changes";

/** What a fork needs to ask its questions. */
export interface ForkParts {
  readonly sessions: SessionRegistry;
  readonly index: ProjectIndex;
  readonly provider: ProviderDeps;
}

/** Asks for the step and the changes, and starts the fork. @returns undefined when the user cancelled. */
export async function fork(
  parts: ForkParts,
  controller: SessionController,
): Promise<SessionController | undefined> {
  const at = await pickStep(controller);
  if (at === undefined) return undefined;
  const { definition } = controller.state;
  const { venue } = definition;
  // A fork copies the events, so they are read now.
  const shared = sharedEvents((await readSession(controller.directory)).events, at);
  const changes = await askChanges(definitionAt(definition, shared, at), {
    title: `Fork ${controller.view.flow} at ${at} (2/2)`,
    step: stepIdOf(at),
    inputs: await inputsOf(parts.index, controller),
    pickModel: (title, current) => pickModel(venue, parts.provider, title, current),
  });
  if (changes === undefined) return undefined;
  return startFork(parts.sessions, controller, at, (old) => changeDefinition(old, changes));
}

/** The session's inputs, with the choices that the Flow's file defines for them, as long as the file exists. */
async function inputsOf(
  index: ProjectIndex,
  { state, workDomain }: SessionController,
): Promise<readonly InputDescription[]> {
  const { inputs, source } = state.definition.flow;
  const folder = folderOf(workDomain);
  const flows = folder === undefined ? [] : (await index.of(folder)).flows();
  const written = flows.find(({ path }) => path === source)?.inputs ?? [];
  return inputsGiven(inputs).map((given) => {
    const now = written.find(({ name, type }) => name === given.name && type === given.type);
    return now === undefined ? given : { ...now, required: true };
  });
}

/** Creates the fork and runs it. */
export async function startFork(
  sessions: SessionRegistry,
  { directory, workDomain, state }: SessionController,
  at: string,
  change: (definition: Definition) => Definition,
): Promise<SessionController> {
  // A fork without that consent is created anyway, but its commands do not start.
  await agreeToCommands(change(state.definition), workDomain);
  return sessions.startWith(workDomain, (options) => forkSession(directory, at, change, options));
}

async function pickStep({ view }: SessionController): Promise<string | undefined> {
  const begun = view.steps.filter(({ status }) => status !== "planned");
  if (begun.length === 0) {
    void vscode.window.showInformationMessage(
      "No step of the session has begun: run its Flow again instead.",
    );
    return undefined;
  }
  const items = begun.map(({ key, role, verdict, status }) => ({
    label: key,
    description: [role, verdict ?? status].join(" · "),
  }));
  const picked = await vscode.window.showQuickPick(items, {
    title: `Fork ${view.flow} (1/2)`,
    placeHolder: "From which step on? What stands before it is shared and costs no model call.",
    ignoreFocusOut: true,
    matchOnDescription: true,
  });
  return picked?.label;
}
