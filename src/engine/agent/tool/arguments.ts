import * as z from "zod";

/** A file of the project, as tools take it. */
export const pathArg = z
  .string()
  .min(1)
  .max(1000)
  .describe("Path relative to the project, with forward slashes.");

/** A folder of the project; the whole project unless given. */
export function folderArg(about: string): z.ZodDefault<z.ZodString> {
  return z.string().max(1000).default(".").describe(about);
}

/** Which files below a folder are meant. */
export const globArg = z
  .string()
  .min(1)
  .max(500)
  .optional()
  .describe("Only files whose path below the folder matches, such as **/*.ts.");
