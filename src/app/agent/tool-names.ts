/** The tools that Orket offers to the agents of an editor; package.json declares the same. */
export const toolNames = ["orket_run_flow", "orket_session", "orket_answer"] as const;
export type ToolName = (typeof toolNames)[number];
