import { isBuiltin, toolTable } from "../../model/tools";
import { utf8Length } from "../../model/utf8";
import { readReply } from "../reader/read-reply";

const writers: ReadonlySet<string> = new Set(
  Object.entries(toolTable).flatMap(([name, { touches }]) => (touches === "write" ? [name] : [])),
);

/**
 * Replaces the arguments of a call that wrote a file: its path and size. No argument of the tool has this name, so that
 * a model that copies it gets an error instead of writing it into a file. undefined: the call
 * writes nothing.
 */
export function writtenBy(tool: string, argsJson: string): Record<string, string> | undefined {
  if (!isBuiltin(tool) || !writers.has(tool)) return undefined;
  const size = `${utf8Length(argsJson)} bytes`;
  try {
    const args = JSON.parse(argsJson) as Record<string, unknown>;
    if (typeof args["left_out"] === "string") return undefined;
    const path = args["path"];
    return typeof path === "string" ? { path, left_out: `${size}; the file is in the Workspace` } : undefined;
  } catch {
    return { left_out: size };
  }
}

/** "wrote src/a.ts, 36580 bytes": the calls in a reply's text that wrote files; undefined when there are none. */
export function writtenInText(text: string): string | undefined {
  const tools = [...writers].map((name) => ({ name, parameters: [] }));
  const { calls } = readReply(text, { tools, search: "all", askAboutQuotes: false });
  if (calls.length === 0) return undefined;
  return calls
    .map(({ tool, args }) => {
      const argsJson = typeof args === "string" ? args : JSON.stringify(args);
      const path = typeof args === "object" && args !== null && "path" in args ? args.path : undefined;
      return `your ${tool} of ${typeof path === "string" ? path : "a file"}, ${utf8Length(argsJson)} bytes`;
    })
    .join("; ");
}
