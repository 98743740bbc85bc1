import * as vscode from "vscode";
import { toolInputs } from "../../app/agent/tool-inputs";
import type { Cancellation } from "../../engine/port/cancellation";
import type { ExternalTools } from "../../engine/port/external-tools";
import type { ToolSpec } from "../../engine/port/model-provider";
import { schemaProblems } from "./json-schema";

const prefix = "vscode:";

function registered(name: string): vscode.LanguageModelToolInformation | undefined {
  if (!name.startsWith(prefix)) return undefined;
  const plain = name.slice(prefix.length);
  return toolsOfOthers().find((tool) => tool.name === plain);
}

/** The tools of other extensions and MCP servers: an agent of a Flow neither starts Flows nor answers questions of sessions. */
export function toolsOfOthers(): readonly vscode.LanguageModelToolInformation[] {
  return vscode.lm.tools.filter(({ name }) => !Object.hasOwn(toolInputs, name));
}

/**
 * Tools that extensions registered in VS Code, as `vscode:NAME`. A Band states which of them a role may call; no other is
 * described to a model or invoked.
 */
export class EditorTools implements ExternalTools {
  find(name: string): ToolSpec | undefined {
    const tool = registered(name);
    if (tool === undefined) return undefined;
    return {
      name,
      description: tool.description,
      parameters: objectSchema(tool.inputSchema),
    };
  }

  async invoke(
    name: string,
    args: unknown,
    cancellation: Cancellation,
  ): Promise<{ readonly ok: boolean; readonly text: string }> {
    const tool = registered(name);
    if (tool === undefined) {
      return {
        ok: false,
        text: `VS Code has no tool ${name}: the extension that brings it is not installed or not enabled.`,
      };
    }
    if (typeof args !== "object" || args === null || Array.isArray(args)) {
      return { ok: false, text: `The arguments of ${name} must be an object.` };
    }
    // VS Code passes on arguments that do not match the tool's schema.
    const problems = schemaProblems(args, tool.inputSchema);
    if (problems.length > 0) {
      return { ok: false, text: `The arguments do not fit ${name}: ${problems.join(" ")}` };
    }
    const stop = new vscode.CancellationTokenSource();
    let cancel = (): void => undefined;
    const cancelled = new Promise<never>((_, reject) => {
      cancel = (): void => {
        stop.cancel();
        reject(new vscode.CancellationError());
      };
    });
    cancellation.addEventListener("abort", cancel, { once: true });
    if (cancellation.aborted) cancel();
    try {
      const work = vscode.lm.invokeTool(
        tool.name,
        { input: args, toolInvocationToken: undefined },
        stop.token,
      );
      const result = await Promise.race([work, cancelled]);
      return { ok: true, text: textOf(result) };
    } catch (error) {
      if (error instanceof vscode.CancellationError) return { ok: false, text: `${name} was cancelled.` };
      return { ok: false, text: `${name} failed: ${error instanceof Error ? error.message : String(error)}` };
    } finally {
      cancellation.removeEventListener("abort", cancel);
      stop.dispose();
    }
  }
}

function objectSchema(schema: unknown): Readonly<Record<string, unknown>> {
  return typeof schema === "object" && schema !== null && !Array.isArray(schema)
    ? (schema as Readonly<Record<string, unknown>>)
    : { type: "object", properties: {} };
}

function textOf({ content }: vscode.LanguageModelToolResult): string {
  return content
    .map((part) => {
      if (part instanceof vscode.LanguageModelTextPart) return part.value;
      if (part instanceof vscode.LanguageModelDataPart) {
        return /^text\/|json/.test(part.mimeType)
          ? Buffer.from(part.data).toString("utf8")
          : `[${part.data.length} bytes of ${part.mimeType}]`;
      }
      return JSON.stringify(part);
    })
    .join("\n");
}
