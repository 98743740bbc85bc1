/** What a tool can do to the files covered by the Flow's policy. */
export type Touch = "read" | "write" | "none";

/** What is known about a tool without performing it: read by plan, policy, editing help, documentation and prompts. */
export interface ToolFacts {
  /** One or two sentences for models, help and documentation. */
  readonly description: string;
  /** `none` only for a tool that neither shows nor changes any file. */
  readonly touches: Touch;
  /** It reads nothing but the role's skills, so that the policy's scopes do not apply to it. */
  readonly within?: "skills";
  /** Only an editor can answer it: no role has it on the command line. */
  readonly editorOnly?: true;
}

/**
 * The tools that the engine itself performs, in the order in which help lists them. `src/engine/agent/tool` has a file
 * for each; the compiler reports a missing one.
 */
export const toolTable = {
  read_file: {
    description:
      "Reads a text file, or a range of its lines: a file that the team wrote, or else one of the project. Each line is shown with its number and a tab.",
    touches: "read",
  },
  list_dir: {
    description:
      "Lists a folder, on request with the folders below it: files that the team wrote and files of the project.",
    touches: "read",
  },
  search_files: {
    description:
      "Finds the lines that contain a text or match a regular expression, in the team's files and the project's.",
    touches: "read",
  },
  symbols: {
    description:
      "Finds symbols (functions, classes, variables) by name in the project, or lists those of a file, as VS Code's language extensions know them.",
    touches: "read",
    editorOnly: true,
  },
  find_references: {
    description:
      "Finds where a symbol is used in the project, as VS Code's language extensions know it. Give a line in which the symbol stands.",
    touches: "read",
    editorOnly: true,
  },
  diagnostics: {
    description: "Lists the errors and warnings that VS Code's extensions report about the project's files.",
    touches: "read",
    editorOnly: true,
  },
  read_skill: {
    description: "Reads a skill of the role: its instructions, or another file of its folder.",
    touches: "read",
    within: "skills",
  },
  write_file: {
    description: "Writes a whole file. It is proposed as a change of the project; a person decides.",
    touches: "write",
  },
  edit_file: {
    description: "Replaces exact pieces of a file by others, all of them or none.",
    touches: "write",
  },
  move_file: {
    description: "Moves or renames a file. It is proposed as a change of the project; a person decides.",
    touches: "write",
  },
  delete_file: {
    description: "Deletes a file that the team wrote, or proposes to delete one of the project.",
    touches: "write",
  },
  update_notes: { description: "Writes notes that every role sees.", touches: "none" },
  set_verdict: { description: "Gives the step's verdict and ends the step.", touches: "none" },
  set_result: { description: "Gives the step's result: the fields that the step asks for.", touches: "none" },
} as const satisfies Readonly<Record<string, ToolFacts>>;

export type BuiltinTool = keyof typeof toolTable;
export const builtinTools = Object.keys(toolTable) as [BuiltinTool, ...BuiltinTool[]];

/** Whether the engine performs the tool itself. */
export function isBuiltin(name: string): name is BuiltinTool {
  return Object.hasOwn(toolTable, name);
}

/** Whether the tool asks the editor about the project. */
export function isEditorTool(name: string): boolean {
  const facts: ToolFacts | undefined = isBuiltin(name) ? toolTable[name] : undefined;
  return facts?.editorOnly === true;
}

/** Whether another extension or an MCP server performs the tool, so that Orket cannot bound what it does. */
export function isForeign(name: string): boolean {
  return name.startsWith("vscode:");
}

/** The most that a foreign tool can do, for plans, questions and reports. */
export function unboundedText(name: string): string {
  return `may do whatever ${name} can, in the project itself`;
}

/** A command of the Flow among a role's tools: `command:NAME`. */
export const commandToolPattern = /^command:[A-Za-z][A-Za-z0-9_-]{0,63}$/;
export const commandToolPrefix = "command:";

/** The command that a tool runs; undefined for every other tool. */
export function commandOfTool(tool: string): string | undefined {
  return commandToolPattern.test(tool) ? tool.slice(commandToolPrefix.length) : undefined;
}

/**
 * Whether one of the tools accesses files that the policy covers in this way. Tools that Orket does not perform are
 * outside its policy; a role's skills were named by its Band.
 */
export function anyTouches(names: readonly string[], touch: Touch): boolean {
  return names.some((name) => {
    const facts: ToolFacts | undefined = isBuiltin(name) ? toolTable[name] : undefined;
    return facts?.touches === touch && facts.within === undefined;
  });
}
