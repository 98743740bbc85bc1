import * as z from "zod";
import { draft } from "../../event/event";
import { describeFields, jsonSchema, readFields, schemaOfFields } from "../../model/field";
import { utf8Length } from "../../model/utf8";
import { answersBySchema } from "../../state/tool-mode";
import { defineTool } from "./tool";

/** Longest result of a step, as JSON, in bytes: it is stored in the journal's line and in later prompts. */
const maxResultBytes = 65_536;

export const setResult = defineTool("set_result", {
  args: () => z.record(z.string(), jsonSchema),
  inStep(spec, node) {
    return node.result === undefined ? undefined : { ...spec, parameters: schemaOfFields(node.result) };
  },
  call(job, given) {
    const { run } = job.context.active;
    const fields = run.node.result;
    if (fields === undefined) return job.result(false, "This step takes no result.");
    const read = readFields(fields, given);
    const { state, active } = job.context;
    const again = answersBySchema(state.definition, active)
      ? "Answer again with one JSON object:"
      : "Call set_result again with";
    if ("problems" in read) {
      return job.result(
        false,
        `The result does not fit: ${read.problems.join(" ")} ${again} ${describeFields(fields)}.`,
      );
    }
    const bytes = utf8Length(JSON.stringify(read.value));
    if (bytes > maxResultBytes)
      return job.result(false, `The result has ${bytes} bytes; it may have ${maxResultBytes}.`);
    return draft("result_set", run.key, { call_id: job.call.id, result: read.value ?? {} });
  },
});
