import type { ToolCall, UnreadCall } from "../event/event";
import { callSettings } from "../model/definition";
import type { ModelReply } from "../port/model-provider";
import type { ActiveRun } from "../state/cursor";
import { lastTurn } from "../state/going-on";
import type { SessionState } from "../state/state";
import { answersBySchema, toolMode } from "../state/tool-mode";
import type { AgentPorts } from "./ports";
import { readReply } from "./reader/read-reply";
import type { ReadingMode } from "./reader/read-reply";
import type { ReadableTool } from "./reader/found";
import { parseLoose } from "./reader/loose-json";
import { toolsOfStep } from "./tool/registry";
import { defined } from "../model/defined";
import { entryOf } from "../model/entry-of";

const lostCall = "it says that the reply ends with a call, and sent none.";

/** What a reply asks for and says. */
export interface ReadReply {
  readonly toolCalls: ToolCall[];
  readonly fromText: boolean;
  /** Absent: the reply's text is used unchanged. */
  readonly said: string | undefined;
  readonly unread: UnreadCall[];
  /** Whether it keeps to the schema that it was asked by; absent: it was asked by none. */
  readonly schema?: "kept" | "ignored";
}

type Native = ModelReply["toolCalls"][number];

interface Parts {
  readonly state: SessionState;
  readonly ports: AgentPorts;
}

/** The calls of a reply: the backend's own if there are any, otherwise those written in its text. */
export function callsOfReply(active: ActiveRun, reply: ModelReply, parts: Parts): ReadReply {
  if (!answersBySchema(parts.state.definition, active)) return readCalls(active, reply, parts);
  const { said } = readReply(reply.text, { tools: [], search: "none", askAboutQuotes: false });
  if (isObject(said)) {
    const call = { id: callId(active, 0, parts), tool: "set_result", args: parts.ports.store.putText(said) };
    return { toolCalls: [call], fromText: true, said: "", unread: [], schema: "kept" };
  }
  // A reply that was cut off shows nothing about the server.
  const schema = reply.finishReason === "stop" ? { schema: "ignored" as const } : {};
  return { ...readCalls(active, reply, parts), ...schema };
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function readCalls(active: ActiveRun, reply: ModelReply, parts: Parts): ReadReply {
  const { calls, said, unread } = readReply(reply.text, modeOf(active, reply, parts));
  const natives = withoutRepeats(reply.toolCalls);
  const unparsed: UnreadCall[] =
    reply.unparsedCall === undefined
      ? []
      : [{ kind: "server", why: reply.unparsedCall, characters: reply.text.length }];
  const taken = new Set<string>();
  const toolCalls =
    natives.length > 0
      ? natives.map((call, index): ToolCall => {
          const serverId = call.id === undefined || taken.has(call.id) ? undefined : call.id;
          if (serverId !== undefined) taken.add(serverId);
          return {
            id: callId(active, index, parts),
            tool: call.name,
            args: parts.ports.store.putText(call.argumentsJson),
            ...defined({ server_id: serverId }),
            ...(call.attached === undefined || Object.keys(call.attached).length === 0
              ? {}
              : { attached: parts.ports.store.putText(JSON.stringify(call.attached)) }),
          };
        })
      : calls.map(({ tool, args }, index): ToolCall => ({
          id: callId(active, index, parts),
          tool,
          args: parts.ports.store.putText(typeof args === "string" ? args : JSON.stringify(args)),
        }));
  // The server says that the reply ends with a call, and there is none: it was lost on the way.
  const isLost =
    reply.finishReason === "tool_calls" && toolCalls.length + unparsed.length + unread.length === 0;
  const lost: UnreadCall[] = isLost ? [{ kind: "server", why: lostCall, characters: reply.text.length }] : [];
  return {
    toolCalls,
    fromText: natives.length === 0 && toolCalls.length > 0,
    said: said === reply.text ? undefined : said,
    unread: [...unparsed, ...unread, ...lost],
  };
}

/**
 * The engine's own id of a call, also for backends that give none: nine letters and digits, which every vendor accepts.
 * Made only from the step, the attempt, the turn and the index, so that it does not depend on what finishes first.
 */
function callId({ run }: ActiveRun, index: number, { ports }: Parts): string {
  return ports.sha256(["call", run.key, run.attempt, run.prompt?.turn ?? 1, index].join("\n")).slice(0, 9);
}

function modeOf(active: ActiveRun, reply: ModelReply, { state, ports }: Parts): ReadingMode {
  const { run, scope } = active;
  const { definition } = state;
  const role = run.node.role;
  const listed = entryOf(definition.band.roles, role)?.tools ?? [];
  const specs = toolsOfStep(run.node, {
    definition,
    external: ports.external,
    // How a call is read does not depend on the host.
    features: { available: true },
  });
  const tools: ReadableTool[] = listed.map((name) => {
    const properties = specs.find((spec) => spec.name === name)?.parameters["properties"];
    return {
      name,
      parameters: typeof properties === "object" && properties !== null ? Object.keys(properties) : [],
    };
  });
  const native = toolMode(definition, active) === "native";
  const setting = callSettings(definition, role).tool_calls;
  const inUse = native && (reply.toolCalls.length > 0 || entryOf(scope.nativeToolRoles, role) === true);
  const search =
    tools.length === 0 ||
    setting === "native" ||
    reply.unparsedCall !== undefined ||
    reply.toolCalls.length > 0
      ? "none"
      : inUse
        ? "marked"
        : "all";
  // Asked once: a model that repeats the call means it as an example. On the last turn the model could not answer.
  const asked = run.asked || (run.prompt?.turn ?? 1) >= lastTurn(run);
  return { tools, search, askAboutQuotes: !asked };
}

/** A call that a server sent twice, under two indexes or again in full at the end, is one call. */
function withoutRepeats(calls: readonly Native[]): Native[] {
  const seen = new Set<string>();
  return calls.filter(({ name, argumentsJson }) => {
    const args = parseLoose(argumentsJson);
    const key = JSON.stringify([name, args === undefined ? argumentsJson : args.value]);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
