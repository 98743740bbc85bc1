import * as z from "zod";
import { draft } from "../../event/event";
import { defineTool } from "./tool";

/** Longest note, in characters: notes are part of every prompt. */
export const maxNoteLength = 4000;
/** Most notes a session can hold. */
const maxNotes = 200;

export const updateNotes = defineTool("update_notes", {
  args: () =>
    z.strictObject({
      set: z
        .record(
          z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/),
          z.string().max(maxNoteLength).nullable(),
        )
        .describe("Note keys to their new texts; null removes a note."),
    }),
  call(job, { set }) {
    const { active } = job.context;
    if (Object.keys(set).length === 0) return job.result(false, "Give at least one note in `set`.");
    const keys = new Set([...Object.keys(active.scope.notes), ...Object.keys(set)]);
    if (keys.size > maxNotes)
      return job.result(false, `There can be ${maxNotes} notes; remove some with null.`);
    return draft("notes_updated", active.run.key, { call_id: job.call.id, set });
  },
});
