import { quoted } from "../../text/diagnostic";
import type { Value } from "../read";
import type { WorkflowBuilder } from "./builder";

/** Keys of Conductor's agents that are carried over. */
export const agentKeys = new Set([
  "name",
  "type",
  "description",
  "model",
  "provider",
  "input",
  "system_prompt",
  "prompt",
  "output",
  "routes",
  "tools",
  "command",
  "args",
  "options",
  "source",
  "as",
  "agent",
  "agents",
  "max_concurrent",
  "failure_mode",
  "workflow",
  "input_mapping",
  "stdin",
  "timeout",
  "timeout_seconds",
  "env",
  "value",
  "values",
  "duration",
  "reason",
  "status",
  "output_template",
  "allow_back",
  "allow_skip",
  "allow_skip_all",
  "allow_abort",
  "retry",
  "working_dir",
  "for_each",
  "parallel",
  "question",
]);
/** Keys that belong to the Venue. */
export const settingKeys = [
  "temperature",
  "max_tokens",
  "max_session_seconds",
  "max_agent_iterations",
  "reasoning",
  "context_tier",
  "session_key",
  "timeout",
];

/** What to do about keys that have no counterpart. */
export const advice: Readonly<Record<string, string>> = {
  set: "A Score derives no values: write the placeholder where the value is needed, or let a command with 'output: json' compute it.",
  wait: "A Score does not wait: let a command of the Flow do it, or give the step 'retry: { pause_seconds: … }'.",
  terminate:
    "A run ends with its last step: put 'when' on what must not run any more, or 'must' on the step whose verdict ends it.",
  validator: "Write a step of a reviewer with a verdict behind it, in a loop with 'until'.",
  dialog: "Write an 'ask' step where a person is to answer.",
  mcp_servers: "Tools of MCP servers are not carried over: in VS Code a role can have 'vscode:NAME'.",
  skills: "List the skill's folder under the role's 'skills'.",
};

/** Settings of the file: those of the Venue are left out, others are reported. */
export function settingsOf(root: Value, workflow: Value | undefined, builder: WorkflowBuilder): void {
  const runtime = workflow?.at("runtime");
  const servers = runtime?.at("mcp_servers");
  if (servers !== undefined) builder.lost("the MCP servers.", advice.mcp_servers ?? "", servers.place);
  for (const [key, value] of runtime?.entries() ?? []) {
    if (["provider", "default_model", "mcp_servers"].includes(key)) continue;
    if (settingKeys.includes(key))
      builder.report.info(`${quoted(key)} is a matter of the Venue here; it is left out.`, value.place);
    else builder.lost(`${quoted(key)} of the runtime.`, "Set up the Venue by hand.", value.place);
  }
  for (const [key, value] of root.entries())
    if (!["workflow", "agents", "parallel", "for_each", "output", "tools"].includes(key))
      builder.lost(`${quoted(key)} of the file.`, "It has no counterpart.", value.place);
}

/** Arguments without text of the session: what was inserted into a shell script is passed as variables. */
export function argumentsOf(
  argv: readonly string[],
  lookup: (name: string) => string | undefined,
): { safe: string[]; env: Record<string, string> } {
  const env: Record<string, string> = {};
  const isShell = /(^|\/)(ba|z|da)?sh$/.test(argv[0] ?? "") && argv[1] === "-c";
  const safe = argv.map((part, index) =>
    part.replace(/\{\{\s*([\w.]+)[^}]*\}\}/g, (whole, name: string) => {
      const found = lookup(name);
      if (found === undefined || !isShell || index < 2) return whole;
      const variable = name
        .replace(/^workflow\.input\./, "")
        .toUpperCase()
        .replace(/[^A-Z0-9]+/g, "_");
      env[variable] = found;
      return `$${variable}`;
    }),
  );
  return { safe, env };
}
