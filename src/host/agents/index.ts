import { AgentTools } from "../../app/agent/agent-tools";
import type { ToolName } from "../../app/agent/tool-names";
import type { ConductorView } from "../conductor/conductor-view";
import type { SessionPanels } from "../event-panel/session-panels";
import { internalIds } from "../ids";
import { agentHostOf } from "./agent-host";
import type { AgentParts } from "./agent-host";
import { participantOf } from "./participant";
import type { Participant } from "./participant";
import { offeredTools } from "./tools";
import type { OfferedTool } from "./tools";

/** What the buttons of the chat show. */
interface Shown {
  readonly conductor: ConductorView;
  readonly panels: SessionPanels;
}

/** What Orket is for the editor's own agents. */
export interface OfferedToAgents {
  readonly tools: Readonly<Record<ToolName, OfferedTool>>;
  readonly participant: Participant;
  /** Commands of the chat's buttons. */
  readonly commands: Readonly<
    Record<(typeof internalIds)["runFromChat" | "openFromChat"], (...given: unknown[]) => Promise<void>>
  >;
}

export function offeredToAgents(parts: AgentParts & Shown): OfferedToAgents {
  const { runner, sessions, conductor, panels } = parts;
  const host = agentHostOf(parts);
  return {
    tools: offeredTools(new AgentTools(host)),
    participant: participantOf(host),
    commands: {
      [internalIds.runFromChat]: async (flow, task) => {
        const given = typeof task === "string" ? { task } : {};
        const controller = await runner.run(flow, { stepByStep: false, ...given });
        if (controller !== undefined) await conductor.reveal({ focus: false });
      },
      [internalIds.openFromChat]: async (id) => {
        const controller = await sessions.openById(String(id));
        sessions.show(controller);
        await panels.show(controller);
      },
    },
  };
}
