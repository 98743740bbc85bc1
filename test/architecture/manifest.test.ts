import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

/*
 * The VS Code that the tests run in has every proposed API switched on, so a proposed contribution point would work
 * here and be dropped in silence on a user's machine. What package.json may contribute is therefore listed.
 */

const root = path.resolve(__dirname, "../..");

interface Manifest {
  readonly version: string;
  readonly engines: { readonly vscode: string };
  readonly enabledApiProposals?: unknown;
  readonly dependencies?: unknown;
  readonly activationEvents?: readonly string[];
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly contributes: {
    readonly commands?: readonly { readonly command: string; readonly category?: string }[];
    readonly menus?: Readonly<
      Record<string, readonly { readonly command?: string; readonly submenu?: string }[]>
    >;
    readonly submenus?: readonly { readonly id: string }[];
    readonly keybindings?: readonly { readonly command: string }[];
    readonly views?: Readonly<Record<string, readonly { readonly id: string }[]>>;
    readonly viewsContainers?: Readonly<Record<string, readonly { readonly id: string }[]>>;
    readonly languages?: readonly { readonly id: string; readonly configuration?: string }[];
    readonly configuration?: Configuration | readonly Configuration[];
  };
}

interface Configuration {
  readonly properties: Readonly<Record<string, Setting>>;
}

interface Setting {
  readonly description?: string;
  readonly markdownDescription?: string;
  readonly default?: unknown;
  readonly scope?: string;
}

const manifest = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as Manifest;
const contributes = manifest.contributes;

const stableContributionPoints = new Set([
  "breakpoints",
  "chatParticipants",
  "colors",
  "commands",
  "configuration",
  "configurationDefaults",
  "debuggers",
  "grammars",
  "icons",
  "jsonValidation",
  "keybindings",
  "languages",
  "languageModelTools",
  "menus",
  "snippets",
  "submenus",
  "views",
  "viewsContainers",
  "viewsWelcome",
  "walkthroughs",
  // Read by the YAML extension of Red Hat, not by VS Code.
  "yamlValidation",
]);

const stableMenus = new Set([
  "commandPalette",
  "comments/commentThread/title",
  "comments/commentThread/context",
  "debug/toolBar",
  "editor/context",
  "editor/lineNumber/context",
  "editor/title",
  "editor/title/context",
  "editor/title/run",
  "explorer/context",
  "file/newFile",
  "scm/change/title",
  "scm/resourceGroup/context",
  "scm/resourceState/context",
  "scm/title",
  "view/item/context",
  "view/title",
  "webview/context",
]);

const commandIds = (contributes.commands ?? []).map(({ command }) => command);
const viewIds = Object.values(contributes.views ?? {}).flatMap((views) => views.map(({ id }) => id));
const containerIds = Object.values(contributes.viewsContainers ?? {}).flatMap((all) =>
  all.map(({ id }) => id),
);
const languageIds = (contributes.languages ?? []).map(({ id }) => id);
const configurations = [contributes.configuration ?? []].flat() as readonly Configuration[];
const settings = Object.assign({}, ...configurations.map(({ properties }) => properties)) as Record<
  string,
  Setting
>;

describe("the manifest", () => {
  it("asks for no proposed API", () => {
    assert.equal(manifest.enabledApiProposals, undefined);
  });

  it("contributes to stable points only", () => {
    assert.deepEqual(
      Object.keys(contributes).filter((point) => !stableContributionPoints.has(point)),
      [],
    );
  });

  it("adds to stable menus and to its own submenus only", () => {
    const own = new Set((contributes.submenus ?? []).map(({ id }) => id));

    assert.deepEqual(
      Object.keys(contributes.menus ?? {}).filter((menu) => !stableMenus.has(menu) && !own.has(menu)),
      [],
    );
  });

  it("names in menus and key bindings only commands that it declares", () => {
    const used = [
      ...Object.values(contributes.menus ?? {}).flatMap((items) => items.map(({ command }) => command)),
      ...(contributes.keybindings ?? []).map(({ command }) => command),
    ].filter((command) => command?.startsWith("orket."));

    assert.deepEqual(
      used.filter((command) => command !== undefined && !commandIds.includes(command)),
      [],
    );
  });

  it("puts every command into the category Orket", () => {
    const strays = (contributes.commands ?? []).filter(({ category }) => category !== "Orket");

    assert.deepEqual(strays, []);
  });

  it("gives every setting a description, a default and a scope", () => {
    const incomplete = Object.entries(settings).filter(
      ([id, { description, markdownDescription, default: standard, scope }]) =>
        !id.startsWith("orket.") ||
        (description ?? markdownDescription ?? "") === "" ||
        standard === undefined ||
        scope === undefined,
    );

    assert.deepEqual(incomplete, []);
  });

  it("gives every language a configuration file that is there", () => {
    const missing = (contributes.languages ?? []).filter(
      ({ configuration }) => configuration === undefined || !existsSync(path.join(root, configuration)),
    );

    assert.deepEqual(missing, []);
  });

  it("starts for what the user does, not with the editor", () => {
    const eager = (manifest.activationEvents ?? []).filter((event) =>
      ["*", "onStartupFinished"].includes(event),
    );

    assert.deepEqual(eager, []);
  });

  it("ships bundles, not packages", () => {
    assert.equal(manifest.dependencies, undefined);
  });

  it("compiles against the API of the oldest VS Code that it supports", () => {
    const oldest = /^\^(\d+\.\d+)\./.exec(manifest.engines.vscode)?.[1];

    assert.equal(/^(\d+\.\d+)\./.exec(manifest.devDependencies["@types/vscode"] ?? "")?.[1], oldest);
  });

  it("records no download host in the lock file", () => {
    const lock = readFileSync(path.join(root, "package-lock.json"), "utf8");

    assert.equal(lock.includes('"resolved"'), false);
  });
});

/** Every string in a module's exports whose name says what kind of id it is. */
function idsOf(exports: Readonly<Record<string, unknown>>, kind: RegExp): ReadonlySet<string> {
  const found = new Set<string>();
  const collect = (value: unknown): void => {
    if (typeof value === "string") found.add(value);
    else if (typeof value === "object" && value !== null) Object.values(value).forEach(collect);
  };
  for (const [name, value] of Object.entries(exports)) if (kind.test(name)) collect(value);
  return found;
}

const idsFile = path.join(root, "src/host/ids.ts");

(existsSync(idsFile) ? describe : describe.skip)("the ids in package.json and in src/host/ids.ts", () => {
  const kinds: readonly (readonly [kind: string, name: RegExp, declared: readonly string[]])[] = [
    ["commands", /command/i, commandIds],
    ["views", /view(?!sContainer|Container)/i, viewIds],
    ["view containers", /container/i, containerIds],
    ["languages", /language/i, languageIds],
    ["settings", /setting/i, Object.keys(settings)],
  ];
  for (const [kind, name, declared] of kinds) {
    it(`agree on the ${kind}`, () => {
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- the file may not exist, so not by `import`
      const ids = idsOf(require(idsFile) as Record<string, unknown>, name);

      assert.deepEqual([...ids].sort(), [...declared].sort());
    });
  }
});
