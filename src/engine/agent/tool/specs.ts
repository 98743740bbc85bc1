import * as z from "zod";
import type { BuiltinTool } from "../../model/band";
import type { StepNode } from "../../model/definition";
import { toolDescriptions } from "../../model/tools";
import type { ExternalTools } from "../../port/external-tools";
import type { ToolSpec } from "../../port/model-provider";

const path = z.string().min(1).max(1000).describe("Path relative to the project, with forward slashes.");

/** Longest note, in characters: notes go into every prompt. */
export const maxNoteLength = 4000;
/** Most notes a session can hold. */
export const maxNotes = 200;

/** Arguments of each built-in tool. */
export const toolArgs = {
  read_file: z.strictObject({
    path,
    start_line: z.int().min(1).optional().describe("First line to read, from 1."),
    end_line: z.int().min(1).optional().describe("Last line to read."),
  }),
  list_dir: z.strictObject({
    path: z.string().max(1000).default(".").describe("Folder relative to the project."),
  }),
  search_files: z.strictObject({
    query: z.string().min(1).max(500).describe("The exact text to look for."),
    path: z.string().max(1000).default(".").describe("Folder to look in."),
  }),
  write_file: z.strictObject({ path, content: z.string().describe("The whole new content of the file.") }),
  edit_file: z.strictObject({
    path,
    old_text: z.string().min(1).describe("The exact text to replace; it must occur once."),
    new_text: z.string().describe("What stands there instead."),
    replace_all: z.boolean().default(false).describe("Replace every occurrence."),
  }),
  delete_file: z.strictObject({ path }),
  update_notes: z.strictObject({
    set: z
      .record(
        z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/),
        z.string().max(maxNoteLength).nullable(),
      )
      .describe("Note keys to their new texts; null removes a note."),
  }),
  set_verdict: z.strictObject({
    verdict: z.string().min(1).max(64).describe("One of the words that the step allows."),
    reason: z.string().max(maxNoteLength).optional().describe("Why, in a few sentences."),
  }),
} as const satisfies Record<BuiltinTool, z.ZodType>;

let cached: Record<BuiltinTool, ToolSpec> | undefined;

function builtinSpecs(): Record<BuiltinTool, ToolSpec> {
  cached ??= Object.fromEntries(
    (Object.keys(toolArgs) as BuiltinTool[]).map((name) => {
      const { $schema: _, ...parameters } = z.toJSONSchema(toolArgs[name], {
        target: "draft-7",
        io: "input",
      });
      return [name, { name, description: toolDescriptions[name], parameters }];
    }),
  ) as unknown as Record<BuiltinTool, ToolSpec>;
  return cached;
}

/** Whether the engine performs the tool itself. */
export function isBuiltin(name: string): name is BuiltinTool {
  return Object.hasOwn(toolArgs, name);
}

/** The tools of a step as its model is told of them: those that the Band lists, with the step's own verdict words. */
export function toolsOfStep(tools: readonly string[], node: StepNode, external: ExternalTools): ToolSpec[] {
  const specs: ToolSpec[] = [];
  for (const name of tools) {
    if (name === "set_verdict" && node.verdict === undefined) continue;
    const spec = isBuiltin(name) ? builtinSpecs()[name] : external.find(name);
    if (spec === undefined) continue;
    specs.push(name === "set_verdict" ? withVerdicts(spec, node.verdict ?? []) : spec);
  }
  return specs;
}

function withVerdicts(spec: ToolSpec, verdicts: readonly string[]): ToolSpec {
  const properties = spec.parameters["properties"] as Record<string, object>;
  const verdict = { ...properties["verdict"], enum: verdicts };
  return { ...spec, parameters: { ...spec.parameters, properties: { ...properties, verdict } } };
}
