import os from "node:os";
import path from "node:path";

/** Where Orket keeps this user's data that it can create again. */
export function cacheFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const home = os.homedir();
  if (process.platform === "darwin") return path.join(home, "Library", "Caches", "orket");
  if (process.platform === "win32") {
    return path.join(env.LOCALAPPDATA ?? path.join(home, "AppData", "Local"), "orket", "cache");
  }
  const set = env.XDG_CACHE_HOME;
  return path.join(set !== undefined && path.isAbsolute(set) ? set : path.join(home, ".cache"), "orket");
}
