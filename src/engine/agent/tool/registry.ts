import type { Definition, StepNode } from "../../model/definition";
import { commandOfTool, isBuiltin } from "../../model/tools";
import type { BuiltinTool } from "../../model/tools";
import type { ExternalTools } from "../../port/external-tools";
import type { LanguageFeatures } from "../../port/language-features";
import type { ToolSpec } from "../../port/model-provider";
import { commandToolSpec } from "./command-tool";
import { deleteFile } from "./delete-file";
import { diagnostics } from "./diagnostics";
import { editFile } from "./edit-file";
import { findReferences } from "./find-references";
import { listDir } from "./list-dir";
import { moveFile } from "./move-file";
import { toolParameters } from "./parameters";
import { readFile } from "./read-file";
import { readSkill } from "./read-skill";
import { searchFiles } from "./search-files";
import { setResult } from "./set-result";
import { setVerdict } from "./set-verdict";
import { symbols } from "./symbols";
import type { Tool } from "./tool";
import { updateNotes } from "./update-notes";
import { writeFile } from "./write-file";
import { entryOf } from "../../model/entry-of";

/** Every tool that the engine performs; the compiler reports a tool of the table that is missing here. */
export const toolRegistry: Readonly<Record<BuiltinTool, Tool>> = {
  read_file: readFile,
  list_dir: listDir,
  search_files: searchFiles,
  symbols,
  find_references: findReferences,
  diagnostics,
  read_skill: readSkill,
  write_file: writeFile,
  edit_file: editFile,
  move_file: moveFile,
  delete_file: deleteFile,
  update_notes: updateNotes,
  set_verdict: setVerdict,
  set_result: setResult,
};

const specs = new Map<string, ToolSpec>();

function specOf({ name, description }: Tool): ToolSpec {
  let spec = specs.get(name);
  if (spec === undefined) specs.set(name, (spec = { name, description, parameters: toolParameters[name] }));
  return spec;
}

/** A step's tools as its model is told about them: those that the Band lists and that the step can use. */
export function toolsOfStep(
  node: StepNode,
  {
    definition: { band, flow },
    external,
    features,
  }: {
    readonly definition: Definition;
    readonly external: ExternalTools;
    readonly features: Pick<LanguageFeatures, "available">;
  },
): ToolSpec[] {
  const names: readonly string[] = entryOf(band.roles, node.role)?.tools ?? [];
  return names.flatMap((name) => {
    if (commandOfTool(name) !== undefined) return commandToolSpec(name, flow.commands) ?? [];
    if (!isBuiltin(name)) return external.find(name) ?? [];
    const tool = toolRegistry[name];
    if (tool.editorOnly === true && !features.available) return [];
    const spec = specOf(tool);
    return (tool.inStep === undefined ? spec : tool.inStep(spec, node, band)) ?? [];
  });
}
