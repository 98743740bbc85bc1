import type { PerformContext } from "../agent/agent";
import { callQuestion } from "../agent/tool/call-question";
import { deniedAs, quotedCallText, unlistedText } from "../agent/tool/denials";
import { asksAboutQuotations, quotationOf, quotedText } from "../agent/tool/quoted-call";
import { usableCall } from "../agent/usable-call";
import type { EventDraft } from "../event/event";
import { unboundedText } from "../model/tools";
import type { ActiveRun } from "../state/cursor";
import { entryOf } from "../model/entry-of";

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
  const role = entryOf(state.definition.band.roles, run.node.role);
  if (role?.tools.some((name) => name === call.tool) !== true)
    return deniedAs(run, call, "tool-not-listed", unlistedText(run.node.role, call.tool, role?.tools ?? []));
  const usable = await usableCall(call, active, { state, ports, tools: [] });
  if ("problem" in usable) return usable.problem;
  const { store, sha256 } = ports;
  const quotation = await quotationOf({ call, parameters: {} }, { state, active, store });
  if (quotation !== undefined && !asksAboutQuotations(state))
    return deniedAs(run, call, "quoted-call", quotedCallText(call.tool));
  const quoted = quotation === undefined ? "" : ` ${quotedText(quotation)}`;
  const why = `Orket cannot bound this call: it ${unboundedText(call.tool)}.${quoted}`;
  return callQuestion("foreign_tool", call, { run, questions: state.questions, store, sha256, why });
}
