import * as z from "zod";
import { blobRefSchema } from "./content";

export const proposalRest = z
  .strictObject({ base: blobRefSchema.optional(), content: blobRefSchema.optional() })
  .describe(
    "What is still proposed after this (`content`), and what it is a change of (`base`); a side is absent where there is no file. Absent when all is decided.",
  );

export const artifactState = z.strictObject({
  path: z.string(),
  content: blobRefSchema.nullable().describe("null: the artifact is a deletion."),
});
