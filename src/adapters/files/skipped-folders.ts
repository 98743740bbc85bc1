/** Folders that contain no files of the project itself and can be large: they are not searched. */
export const skippedFolders: ReadonlySet<string> = new Set(["node_modules", ".git", ".orket"]);
