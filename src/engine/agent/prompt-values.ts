import type { Content } from "../event/content";
import { expandTemplate } from "../model/template";
import type { Placeholder } from "../model/template";
import { changeAt, resultOf } from "../state/scope";
import type { Scope } from "../state/scope";
import type { PromptContext } from "./prompt-context";

/** The template with its values; `used` gets what it named. */
export function expandFor(context: PromptContext, template: string, used: Set<string>): Promise<string> {
  return expandTemplate(template, (placeholder) => {
    used.add(placeholder.kind === "summary" ? `summary:${placeholder.step}` : placeholder.kind);
    return valueOf(context, placeholder);
  });
}

async function valueOf(
  { definition, active, getText }: PromptContext,
  placeholder: Placeholder,
): Promise<string> {
  const { run, scope } = active;
  switch (placeholder.kind) {
    case "task":
      return definition.flow.task.trim();
    case "input":
      return String(definition.flow.inputs[placeholder.name] ?? "");
    case "note":
      return scope.notes[placeholder.key] ?? "";
    case "summary":
      return textOf(resultOf(scope, placeholder.step)?.summary, getText);
    case "artifact":
      return textOf(artifactAt(scope, placeholder.path), getText);
    case "role":
      return run.node.role;
    case "step":
      return run.node.id;
  }
}

function artifactAt(scope: Scope, path: string): Content | undefined {
  return changeAt(scope, path)?.content ?? undefined;
}

async function textOf(content: Content | undefined, getText: PromptContext["getText"]): Promise<string> {
  return content === undefined ? "" : (await getText(content)).trim();
}
