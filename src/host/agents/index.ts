import * as vscode from "vscode";
import { AgentTools } from "../../app/agent/agent-tools";
import type { ConductorView } from "../conductor/conductor-view";
import type { ErrorPresenter } from "../errors";
import type { SessionPanels } from "../event-panel/session-panels";
import { internalIds } from "../ids";
import { agentHostOf } from "./agent-host";
import type { AgentParts } from "./agent-host";
import { registerParticipant } from "./participant";
import { registerTools } from "./tools";

/** What the buttons of the chat show. */
interface Shown {
  readonly conductor: ConductorView;
  readonly panels: SessionPanels;
  readonly errors: ErrorPresenter;
}

/**
 * Offers Orket to the editor's own agents: the tools, and the chat participant `@orket`. An editor without language
 * models or without chat has neither; everything else works there as well.
 */
export function registerAgents(parts: AgentParts & Shown): vscode.Disposable {
  const { runner, sessions, conductor, panels, errors } = parts;
  const host = agentHostOf(parts);
  const { registerCommand } = vscode.commands;
  return vscode.Disposable.from(
    ...registerTools(new AgentTools(host)),
    ...registerParticipant(host),
    registerCommand(internalIds.runFromChat, (flow: unknown, task: unknown) =>
      errors.guard(async () => {
        const given = typeof task === "string" ? { task } : {};
        const controller = await runner.run(flow, { stepByStep: false, ...given });
        if (controller !== undefined) await conductor.reveal({ focus: false });
      }),
    ),
    registerCommand(internalIds.openFromChat, (id: unknown) =>
      errors.guard(async () => {
        const controller = await sessions.openById(String(id));
        sessions.show(controller);
        await panels.show(controller);
      }),
    ),
  );
}
