import * as z from "zod";
import { draft } from "../../event/event";
import { noRoom, writeTarget } from "./team-files";
import { pathArg } from "./arguments";
import { defineTool } from "./tool";

export const moveFile = defineTool("move_file", {
  args: () =>
    z.strictObject({
      from: pathArg.describe("The file as it is now, relative to the project."),
      to: pathArg.describe("Where it goes, relative to the project; no file may be there."),
    }),
  async call(job, { from, to }) {
    const { store, active } = job.context;
    const source = await writeTarget(job, from);
    if (source.kind === "refused") return source.event;
    const target = await writeTarget(job, to);
    if (target.kind === "refused") return target.event;
    const content = source.own === undefined ? source.base : source.own.content;
    if (content === null) return job.result(false, `There is no file ${from}.`);
    if (source.path === target.path) return job.result(false, `${from} and ${to} are the same file.`);
    const taken = target.own === undefined ? target.base : target.own.content;
    if (taken !== null) return job.result(false, `There is a file ${to} already; delete it first.`);
    const refusal = noRoom(job, target, to, source.path);
    if (refusal !== undefined) return refusal;
    return draft("artifact_written", active.run.key, {
      call_id: job.call.id,
      path: target.path,
      content: store.putBytes(await store.getBytes(content)),
      base: target.base,
      ...(source.own === undefined && source.executable ? { executable: true as const } : {}),
      moved_from: { path: source.path, base: source.base },
    });
  },
});
