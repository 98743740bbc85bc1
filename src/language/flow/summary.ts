import { hasError } from "../text/diagnostic";
import { listInputs } from "../project/inputs";
import type { InputDescription } from "../project/inputs";
import type { Project } from "../project/project";
import { textAt } from "../schema/read";
import { resolveFlow } from "./resolve";
import { defined } from "../../engine/model/defined";

/** A Flow for pickers and the library. */
export interface FlowSummary {
  /** The name in the file, or the file's own name where it has none. */
  readonly name: string;
  readonly description?: string;
  readonly path: string;
  readonly task?: string;
  readonly inputs: readonly InputDescription[];
  /** Problems of the Flow and of the files that it would run with. */
  readonly errors: number;
  readonly warnings: number;
  readonly runnable: boolean;
}

/**
 * The Flows of a project, in the order of their paths.
 * @param venue overrides each Flow's own Venue: a name, or a path relative to the Flow.
 */
export function flowSummaries(project: Project, venue?: string): FlowSummary[] {
  return [...project.sources.values()].flatMap((source) => {
    if (source.kind !== "flow") return [];
    const { diagnostics } = resolveFlow(project, source.path, {
      forRun: false,
      ...defined({ venue }),
    });
    const errors = diagnostics.filter(({ severity }) => severity === "error").length;
    const description = textAt(source, ["description"]);
    const task = textAt(source, ["task"]);
    return {
      name: textAt(source, ["name"]) ?? source.path.slice(source.path.lastIndexOf("/") + 1),
      ...defined({ description, task }),
      path: source.path,
      inputs: listInputs(source),
      errors,
      warnings: diagnostics.filter(({ severity }) => severity === "warning").length,
      runnable: !hasError(diagnostics),
    };
  });
}
