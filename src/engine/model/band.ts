import * as z from "zod";
import { idSchema, nameSchema } from "./names";
import { maxInstructions, maxSkills } from "./pinned";
import { builtinTools, commandToolPattern } from "./tools";

/** A tool that another extension or an MCP server registered in VS Code: `vscode:NAME`. */
export const editorToolPattern = /^vscode:[A-Za-z0-9_.-]+$/;

export const editorToolSchema = z.string().regex(editorToolPattern, { error: "not a tool that Orket knows" });

const outerToolPattern = new RegExp(`${commandToolPattern.source}|${editorToolPattern.source}`);

const toolNameSchema = z.union([
  z.enum(builtinTools),
  z.string().regex(outerToolPattern, { error: "not a tool that Orket knows" }),
]);

const namedPathSchema = z.string().min(1).max(400);

export const roleSchema = z
  .strictObject({
    description: z.string().optional().describe("One line, for people."),
    prompt: z.string().min(1).describe("The system prompt, a template."),
    tools: z.array(toolNameSchema).default([]).describe("The only tools that the role may call."),
    instructions: z
      .array(namedPathSchema)
      .max(maxInstructions)
      .optional()
      .describe(
        "Files of the project, such as AGENTS.md, that are part of the system prompt as they are when a session begins. An entry with a `/` is a path relative to the project; a name alone means the files of this name in the Band's folder and the folders above it, nearest first.",
      ),
    skills: z
      .array(namedPathSchema)
      .max(maxSkills)
      .optional()
      .describe(
        "Folders of Agent Skills (each with a SKILL.md), relative to the project, as they are when a session begins. The prompt has their names and descriptions; the tool read_skill, which the role then has, shows the rest.",
      ),
  })
  .describe("One role: its system prompt and the tools it may call.");

/** A `*.band.yaml` file. */
export const bandFileSchema = z
  .strictObject({
    version: z.literal(1).describe("The version of the file format: 1."),
    name: nameSchema.describe("The Band's name, unique among the project's bands."),
    description: z.string().optional().describe("One line, for people."),
    roles: z
      .record(idSchema, roleSchema)
      .refine((roles) => Object.keys(roles).length > 0, { error: "a Band needs at least one role" })
      .describe("The roles, each under its id."),
  })
  .describe("The roles of a team: system prompt and allowed tools of each.");
/** A Band as written in its file, with defaults filled in. */
export type BandFile = z.infer<typeof bandFileSchema>;
