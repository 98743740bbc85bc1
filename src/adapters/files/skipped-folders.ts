/** Folders that hold none of the project's own files and can be large: they are not searched. */
export const skippedFolders: ReadonlySet<string> = new Set(["node_modules", ".git", ".orket"]);
