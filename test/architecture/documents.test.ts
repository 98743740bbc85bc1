import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/*
 * ARCHITECTURE.md is a map, and a map that names what is not there misleads. Every path, function and script that the two
 * pages for contributors name must exist, and the tables of rooms list exactly the folders of their layer.
 */

const root = path.resolve(__dirname, "../..");
const read = (file: string): string => readFileSync(path.join(root, file), "utf8");
const architecture = read("ARCHITECTURE.md");
const contributing = read("CONTRIBUTING.md");

const sources = ["src", "webview", "test", "bench"].flatMap((top) =>
  readdirSync(path.join(root, top), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => path.posix.join(top, file.split(path.sep).join("/"))),
);
const product = sources.filter((file) => file.startsWith("src/") || file.startsWith("webview/"));

/** Pieces of code in a page, without its fenced blocks. */
function codeIn(page: string): string[] {
  const text = page.replace(/^```[^]*?^```$/gm, "");
  return [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);
}

/** Paths of the tree, from the top or from `src`; `…` stands for any folder, and a path ends at its first wildcard. */
function isThere(written: string): boolean {
  const place = written.replace(/\/$/, "");
  if (place.includes("…")) {
    const pattern = place.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    return sources.some((file) => new RegExp(`^(?:src/)?${pattern.join("[\\w-]+")}$`).test(file));
  }
  const wild = place.search(/[*]/);
  const fixed = wild < 0 ? place : place.slice(0, place.lastIndexOf("/", wild));
  return [fixed, `src/${fixed}`].some((one) => existsSync(path.join(root, one)));
}

/** Whether a text declares the name: a function, a class, a method, a constant, a type, a field or an event. */
function declares(text: string, name: string): boolean {
  return new RegExp(
    `\\b(?:function\\*?|class|const|let|interface|type)\\s+${name}\\b|^\\s*(?:(?:readonly|async|static|override|export|get)\\s+)*${name}\\??\\s*[(<:=]`,
    "m",
  ).test(text);
}

const textOf = new Map(product.map((file) => [file, read(file)]));
const isName = (code: string): boolean => /^[A-Za-z]\w*(?:\.\w+)*(?:\([\w, ]*\))?$/.test(code);
const isPath = (code: string): boolean =>
  /^(?:src|webview|test|bench|docs|scripts|engine|language|protocol|adapters|app|host|cli)\/[\w./*…-]+$/.test(
    code,
  );

describe("ARCHITECTURE.md", () => {
  it("names only functions, classes and fields that there are", () => {
    // Words that are the language's, a tool's or a file format's and not this code's.
    const others = new Set(["Error", "node", "vscode", "zod", "yaml", "orket", "contents", "lock"]);
    const names = codeIn(architecture).filter((code) => isName(code) && !others.has(code));
    const missing = names.filter((code) =>
      code
        .replace(/\(.*/, "")
        .split(".")
        .some((part) => {
          const isFolder = [...textOf.keys()].some((file) => file.split("/").includes(part));
          return !isFolder && ![...textOf.values()].some((text) => declares(text, part));
        }),
    );

    assert.ok(names.length > 30, "the page names little");
    assert.deepEqual(missing, []);
  });

  it("names each function with the file that declares it", () => {
    const pairs = [...architecture.matchAll(/`([\w.]+)`\s+\(`([\w./…-]+\.tsx?)`/g)];
    const wrong = pairs.flatMap(([, name = "", file = ""]) => {
      const text = textOf.get(`src/${file}`) ?? textOf.get(file);
      if (file.includes("…")) return isThere(file) ? [] : [file];
      const last = name.split(".").at(-1) ?? "";
      return text !== undefined && declares(text, last) ? [] : [`${name} in ${file}`];
    });

    assert.ok(pairs.length > 12, "the ways through the house name little");
    assert.deepEqual(wrong, []);
  });

  for (const layer of ["engine", "language", "adapters", "app"]) {
    it(`lists exactly the rooms of src/${layer}`, () => {
      const section = architecture.split(`### \`src/${layer}\`\n`)[1]?.split("\n#")[0] ?? "";
      const rooms = [...section.matchAll(/^\| `([\w-]+)`/gm)].map(([, room = ""]) => room);

      assert.deepEqual(rooms.sort(), foldersOf(`src/${layer}`));
    });
  }

  it("lists exactly the rooms of src/host and src/cli", () => {
    const section = architecture.split("### The hosts\n")[1]?.split("\n#")[0] ?? "";
    const named = new Set(codeIn(section));

    assert.deepEqual(
      [...foldersOf("src/host"), ...foldersOf("src/cli")].filter((room) => !named.has(room)),
      [],
    );
  });
});

function foldersOf(layer: string): string[] {
  return readdirSync(path.join(root, layer), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

for (const [title, page] of [
  ["ARCHITECTURE.md", architecture],
  ["CONTRIBUTING.md", contributing],
] as const) {
  describe(`${title}, as a map`, () => {
    it("names only paths that there are", () => {
      const paths = codeIn(page).filter(isPath);

      assert.ok(paths.length > 10, "the page names few paths");
      assert.deepEqual(
        paths.filter((place) => !isThere(place)),
        [],
      );
    });

    it("names only scripts that package.json has", () => {
      const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
      const named = [...page.matchAll(/npm run ([\w:]+)/g)].map(([, name = ""]) => name);

      assert.deepEqual(
        named.filter((name) => !Object.hasOwn(scripts, name)),
        [],
      );
    });
  });
}
