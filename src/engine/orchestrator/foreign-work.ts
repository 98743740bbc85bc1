import { takeArguments } from "../agent/arguments";
import type { PerformContext } from "../agent/agent";
import { isQuotedCall, quotedCallsSince } from "../agent/tool/quoted-call";
import { deniedAs, quotedCallText, unlistedText } from "../agent/tool/denials";
import { usableCall } from "../agent/usable-call";
import { draft } from "../event/event";
import type { EventDraft } from "../event/event";
import { unboundedText } from "../model/tools";
import type { ActiveRun } from "../state/cursor";
import { foreignWords } from "../state/foreign-call";

/**
 * Asks a person about the open call of a foreign tool. Does not ask about a call that would not be performed anyway: the
 * model is told what is wrong with it. The arguments are shown as the model sent them; the editor is not asked about
 * the tool, so that a replay makes the same question again.
 */
export async function askForeign(active: ActiveRun, context: PerformContext): Promise<EventDraft> {
  const { run } = active;
  const { state, ports } = context;
  const call = run.openTool?.call;
  if (call === undefined) throw new Error("no call is open to ask about");
  const role = state.definition.band.roles[run.node.role];
  if (role?.tools.some((name) => name === call.tool) !== true)
    return deniedAs(run, call, "tool-not-listed", unlistedText(run.node.role, call.tool, role?.tools ?? []));
  const usable = await usableCall(call, active, { state, ports, tools: [] });
  if ("problem" in usable) return usable.problem;
  const isQuoted =
    state.versions.callReader >= quotedCallsSince &&
    (await isQuotedCall({ call, parameters: {} }, run, state.definition, ports.store));
  if (isQuoted) return deniedAs(run, call, "quoted-call", quotedCallText(call.tool));
  const text = await ports.store.getText(call.args);
  const taken = takeArguments(text, {});
  const args = taken.ok ? JSON.stringify(taken.args, null, 2) : text;
  const shown = `The role ${run.node.role} calls ${call.tool} with:\n\n${args}\n\nOrket cannot bound this call: it ${unboundedText(call.tool)}.`;
  const words = [foreignWords.approve, foreignWords.refuse];
  return draft("question_asked", run.key, {
    id: `q${state.questions + 1}`,
    kind: "foreign_tool",
    text: ports.store.putText(shown),
    sha256: ports.sha256(JSON.stringify(["foreign_tool", call.id, call.tool, text, shown])),
    verdict: words,
    fields: {
      reason: { multiline: true, optional: true, description: "Why it is refused; the model is told." },
    },
    tool: call.tool,
  });
}
