import path from "node:path";

type Variables = Readonly<Record<string, string | undefined>>;

/** What a program needs from the environment to start and to use the user's language. None of these variables holds a key. */
const passedOn: ReadonlySet<string> = new Set([
  ...["USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "SHELL"],
  // Where toolchains are, for machines that keep them outside the usual places.
  ...["JAVA_HOME", "GOROOT", "GOPATH", "CARGO_HOME", "RUSTUP_HOME", "PYENV_ROOT", "NVM_DIR", "VOLTA_HOME"],
  ...["DOTNET_ROOT", "ANDROID_HOME", "HOMEBREW_PREFIX", "NIX_PROFILES", "VIRTUAL_ENV", "CONDA_PREFIX"],
  // Windows cannot start a program without these.
  ...["SYSTEMROOT", "WINDIR", "COMSPEC", "PATHEXT", "SYSTEMDRIVE", "NUMBER_OF_PROCESSORS"],
  ...["PROCESSOR_ARCHITECTURE", "PROGRAMFILES", "PROGRAMFILES(X86)", "PROGRAMDATA"],
]);

/** Homes of toolchains that are found through HOME unless a variable says where they are. */
const toolHomes: readonly (readonly [variable: string, folder: string])[] = [
  ["CARGO_HOME", ".cargo"],
  ["RUSTUP_HOME", ".rustup"],
  ["PYENV_ROOT", ".pyenv"],
  ["NVM_DIR", ".nvm"],
  ["GOPATH", "go"],
  ["PYTHONUSERBASE", ".local"],
];

export interface EnvironmentFolders {
  /** The command's home folder: never the user's own. */
  readonly home: string;
  readonly temporary: string;
  /** The user's home, where toolchains may be. */
  readonly realHome: string;
  exists(folder: string): boolean;
}

/** The variable under the name that the system uses, whatever its case (Windows). */
function variable(host: Variables, name: string): string | undefined {
  if (host[name] !== undefined) return host[name];
  const found = Object.keys(host).find((key) => key.toUpperCase() === name);
  return found === undefined ? undefined : host[found];
}

/** The folders of PATH, absolute ones only: a relative one would be found inside the view. */
export function searchFolders(host: Variables): string[] {
  const folders = (variable(host, "PATH") ?? "/usr/local/bin:/usr/bin:/bin").split(path.delimiter);
  return [...new Set(folders.filter((folder) => path.isAbsolute(folder)))];
}

/** The environment of a command: an allow-list of the host's, its own folders, then the additions of the Flow's `env`. */
export function commandEnvironment(
  host: Variables,
  folders: EnvironmentFolders,
  added: Readonly<Record<string, string>>,
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(host)) {
    if (value === undefined) continue;
    if (passedOn.has(name.toUpperCase()) || /^LC_[A-Z]+$/.test(name)) env[name] = value;
  }
  for (const [name, folder] of toolHomes) {
    const place = path.join(folders.realHome, folder);
    if (env[name] === undefined && folders.exists(place)) env[name] = place;
  }
  env.PATH = searchFolders(host).join(path.delimiter);
  env.HOME = folders.home;
  if (process.platform === "win32") {
    env.USERPROFILE = folders.home;
    env.TEMP = folders.temporary;
    env.TMP = folders.temporary;
  }
  env.TMPDIR = folders.temporary;
  env.TERM = "dumb";
  env.CI = "true";
  return { ...env, ...added };
}
