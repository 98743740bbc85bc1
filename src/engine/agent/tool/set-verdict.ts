import * as z from "zod";
import { draft } from "../../event/event";
import { defineTool } from "./tool";
import { maxNoteLength } from "./update-notes";
import { defined } from "../../model/defined";

export const setVerdict = defineTool("set_verdict", {
  args: () =>
    z.strictObject({
      verdict: z.string().min(1).max(64).describe("One of the words that the step allows."),
      reason: z.string().max(maxNoteLength).optional().describe("Why, in a few sentences."),
    }),
  inStep(spec, node) {
    if (node.verdict === undefined) return undefined;
    const properties = spec.parameters["properties"] as Record<string, object>;
    const verdict = { ...properties["verdict"], enum: node.verdict };
    return { ...spec, parameters: { ...spec.parameters, properties: { ...properties, verdict } } };
  },
  call(job, { verdict, reason }) {
    const { run } = job.context.active;
    const allowed = run.node.verdict ?? [];
    if (!allowed.includes(verdict)) {
      return job.result(
        false,
        allowed.length === 0
          ? "This step takes no verdict."
          : `"${verdict}" is not a verdict of this step. Use one of: ${allowed.join(", ")}.`,
      );
    }
    return draft("verdict_set", run.key, {
      call_id: job.call.id,
      verdict,
      ...defined({ reason }),
    });
  },
});
