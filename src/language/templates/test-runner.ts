/** A common way to run a project's tests. */
export interface TestRunner {
  readonly id: string;
  readonly argv: readonly string[];
}

/** The values of `orket new --tests`. `node` comes first: it needs nothing that Orket does not include. */
export const testRunners = [
  { id: "node", argv: ["node", "--test"] },
  { id: "npm", argv: ["npm", "test"] },
  { id: "pytest", argv: ["python3", "-m", "pytest"] },
  { id: "unittest", argv: ["python3", "-m", "unittest"] },
  { id: "cargo", argv: ["cargo", "test"] },
  { id: "go", argv: ["go", "test", "./..."] },
  { id: "make", argv: ["make", "test"] },
] as const satisfies readonly TestRunner[];
export type TestRunnerId = (typeof testRunners)[number]["id"];

/** The project's files that show how its tests run, by name; at most the beginning of each. */
export const testRunnerFiles = [
  "package.json",
  "pytest.ini",
  "conftest.py",
  "pyproject.toml",
  "setup.cfg",
  "tox.ini",
  "Cargo.toml",
  "go.mod",
  "Makefile",
] as const;

function hasNpmTest(text: string): boolean {
  try {
    const { scripts } = JSON.parse(text) as { scripts?: Record<string, unknown> };
    const { test } = scripts ?? {};
    // The script that 'npm init' writes runs no tests.
    return typeof test === "string" && !test.includes("no test specified");
  } catch {
    return false;
  }
}

/**
 * The runners that a project seems to use, as suggestions: the user chooses.
 * @param texts the contents of the existing `testRunnerFiles`, by name.
 * @param names names of the files at the project's top and in its `test` and `tests` folders.
 */
export function detectTestRunners(
  texts: ReadonlyMap<string, string>,
  names: readonly string[],
): TestRunnerId[] {
  const found: TestRunnerId[] = [];
  const holds = (file: string, pattern: RegExp): boolean => pattern.test(texts.get(file) ?? "");
  if (hasNpmTest(texts.get("package.json") ?? "")) found.push("npm");
  else if (names.some((name) => /[._-]test\.[cm]?js$/.test(name))) found.push("node");
  const usesPytest =
    texts.has("pytest.ini") ||
    texts.has("conftest.py") ||
    holds("pyproject.toml", /^\[tool\.pytest\b/m) ||
    holds("setup.cfg", /^\[tool:pytest\]/m) ||
    holds("tox.ini", /^\[pytest\]/m);
  if (usesPytest) found.push("pytest");
  else if (names.some((name) => /^test.*\.py$/.test(name))) found.push("unittest");
  if (texts.has("Cargo.toml")) found.push("cargo");
  if (texts.has("go.mod")) found.push("go");
  if (holds("Makefile", /^test\s*:(?!=)/m)) found.push("make");
  return found;
}

/** The arguments of a runner. */
export function testArgv(id: TestRunnerId): readonly string[] {
  return testRunners.find((one) => one.id === id)?.argv ?? testRunners[0].argv;
}
