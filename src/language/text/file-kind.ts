import { bandFileSchema } from "../../engine/model/band";
import { flowFileSchema } from "../../engine/model/flow";
import { scoreFileSchema } from "../../engine/model/score";
import { repliesFileSchema, venueFileSchema } from "../../engine/model/venue";

export type SourceKind = "flow" | "band" | "venue" | "score" | "replies";
/** The kinds with a name that others refer to. */
export type NamedKind = Exclude<SourceKind, "replies">;

/**
 * One definition per kind of file; everything that is known about its content comes from the schema. The schemas are read
 * when they are needed: whether a file is one of these must be known before that.
 */
export const fileKinds = {
  flow: {
    label: "Flow",
    get schema() {
      return flowFileSchema;
    },
    named: true,
  },
  band: {
    label: "Band",
    get schema() {
      return bandFileSchema;
    },
    named: true,
  },
  venue: {
    label: "Venue",
    get schema() {
      return venueFileSchema;
    },
    named: true,
  },
  score: {
    label: "Score",
    get schema() {
      return scoreFileSchema;
    },
    named: true,
  },
  replies: {
    label: "file of replies",
    get schema() {
      return repliesFileSchema;
    },
    named: false,
  },
} as const;

const sourceKinds = Object.keys(fileKinds) as readonly SourceKind[];

/** The files that a host must read for a project: everything that a Flow can refer to. */
export const definitionFileGlob = "**/*.{flow,band,venue,score,replies}.{yaml,yml,json}";

const byName = /\.(flow|band|venue|score|replies)\.(yaml|yml|json)$/i;

/** The kind of a file, by its name. */
export function fileKindOf(path: string): { kind: SourceKind; format: "yaml" | "json" } | undefined {
  const match = byName.exec(path);
  const kind = sourceKinds.find((known) => known === match?.[1]?.toLowerCase());
  if (kind === undefined) return undefined;
  return { kind, format: match?.[2]?.toLowerCase() === "json" ? "json" : "yaml" };
}
