import { grouped } from "../model/grouped";
import { draft } from "../event/event";
import type { EventDraft, ToolCall } from "../event/event";
import { callSettings } from "../model/definition";
import type { ToolSpec } from "../port/model-provider";
import type { ActiveRun } from "../state/cursor";
import { cutReason, isCut } from "../state/reply-problems";
import type { SessionState } from "../state/state";
import { takeArguments } from "./arguments";
import type { AgentPorts } from "./ports";
import { entryOf } from "../model/entry-of";

interface Parts {
  readonly state: SessionState;
  readonly ports: AgentPorts;
  readonly tools: readonly ToolSpec[];
}

/**
 * The call with its arguments as the tool takes them, or what the model is told instead: that the call was cut off, or
 * what is wrong with its JSON. Sessions of the first reader's version use arguments unchanged.
 */
export async function usableCall(
  call: ToolCall,
  active: ActiveRun,
  { state, ports, tools }: Parts,
): Promise<{ readonly call: ToolCall } | { readonly problem: EventDraft }> {
  const { run } = active;
  if (state.versions.callReader === 1) return { call };
  const spec = tools.find(({ name }) => name === call.tool);
  const listed = entryOf(state.definition.band.roles, run.node.role)?.tools.some(
    (name) => name === call.tool,
  );
  if (listed !== true) return { call };
  const text = await ports.store.getText(call.args);
  const taken = takeArguments(text, parametersOf(call, spec));
  const { reply } = run;
  const last = reply?.toolCalls.at(-1);
  // Servers close the JSON of a call that they had to cut: the last call of a cut reply is not what was meant.
  if (reply !== null && isCut(reply) && !reply.fromText && last?.id === call.id)
    return { problem: told(cutText(call, text.length, active, state)) };
  if (taken.ok) return { call: { ...call, args: ports.store.putText(JSON.stringify(taken.args)) } };
  return {
    problem: told(
      taken.cut
        ? `Your call of ${call.tool} is not whole: its arguments end after ${number(text.length)} characters (${taken.why}). Nothing of it was performed. ${advice(call.tool)}`
        : `The arguments of ${call.tool} are not valid JSON: ${taken.why}. Nothing was performed; make the call again.`,
    ),
  };

  function told(message: string): EventDraft {
    return draft("tool_result", run.key, {
      call_id: call.id,
      tool: call.tool,
      ok: false,
      content: ports.store.putText(message),
    });
  }
}

const number = (value: number): string => grouped(value);

const advice = (tool: string): string =>
  tool === "write_file"
    ? "Write the file in parts: first write_file with the beginning, then edit_file."
    : "Make it again, and shorter.";

function cutText(call: ToolCall, length: number, { run }: ActiveRun, { definition }: SessionState): string {
  const { max_output_tokens } = callSettings(definition, run.node.role);
  const why = run.reply === null ? "" : cutReason(run.reply, max_output_tokens);
  return `Your call of ${call.tool} was cut after ${number(length)} characters ${why}. Nothing of it was performed. ${advice(call.tool)}`;
}

/** For a typed answer, the model is told about every unrequested field; other tools ignore fields that they do not know. */
function parametersOf({ tool }: ToolCall, spec: ToolSpec | undefined): ToolSpec["parameters"] {
  const parameters = spec?.parameters ?? {};
  return tool === "set_result" ? { ...parameters, additionalProperties: true } : parameters;
}
