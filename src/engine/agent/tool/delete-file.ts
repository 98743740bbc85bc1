import * as z from "zod";
import { draft } from "../../event/event";
import { pathArg } from "./arguments";
import { writeTarget } from "./team-files";
import { defineTool } from "./tool";

export const deleteFile = defineTool("delete_file", {
  args: () => z.strictObject({ path: pathArg }),
  async call(job, { path }) {
    const target = await writeTarget(job, path);
    if (target.kind === "refused") return target.event;
    const exists = target.own === undefined ? target.base !== null : target.own.content !== null;
    if (!exists) return job.result(false, `There is no file ${path}.`);
    return draft("artifact_deleted", job.context.active.run.key, {
      call_id: job.call.id,
      path: target.path,
      base: target.base,
    });
  },
});
