import tseslint from "typescript-eslint";

/*
 * Two kinds of rule live here. The first keeps ordinary code honest (types, promises, switches, sizes). The
 * second keeps the engine pure: what it may import is dependency-cruiser's business, but a clock or a die is a
 * global, not an import, so it must be caught here.
 */

const clockAndChance =
  "The engine has no clock, timer or randomness of its own: take it through a port, so that a replay sees what the run saw.";

const bannedInEngine = [
  "setTimeout",
  "setInterval",
  "setImmediate",
  "clearTimeout",
  "clearInterval",
  "queueMicrotask",
  "performance",
  "process",
  "console",
  "crypto",
  "fetch",
  "Intl",
  "WeakRef",
  "FinalizationRegistry",
  "globalThis",
].map((name) => ({ name, message: clockAndChance }));

/** One way to write what can be written in two. */
const dialect = [
  {
    selector: "ImportSpecifier[importKind='type']",
    message: "Write `import type { … }`: a line of its own for types.",
  },
  { selector: "ExportSpecifier[exportKind='type']", message: "Write `export type { … }`." },
  {
    selector:
      ":matches(PropertyDefinition, MethodDefinition[kind!='constructor'], TSParameterProperty)[accessibility='private']",
    message: "Write #name: what is private at run time too.",
  },
  {
    selector: "TemplateLiteral > CallExpression[arguments.length=0][callee.property.name='toString']",
    message: "A template turns numbers into text by itself.",
  },
];

/** What only the product's own code must keep to. */
const product = [
  ...dialect,
  {
    selector:
      "BinaryExpression[operator=/^[!=]==$/] > Literal[value=/^(ollama|openai|vscode-lm|mesh|scripted)$/]",
    message: "Ask the table of providers (src/engine/model/providers.ts) for the fact, not for a name.",
  },
  {
    selector: "BinaryExpression[operator='instanceof'][right.name=/^(OrketError|ProviderError)$/]",
    message: "Ask the class's `is`: another bundle has a copy of the class that `instanceof` does not know.",
  },
];

/** What a person started can be refused; the refusal has a code, from which the exit code and the buttons come. */
const coded = [
  ...product,
  {
    selector: "NewExpression[callee.name=/^(Error|TypeError|RangeError)$/]",
    message:
      "Throw an OrketError with a code and a hint: a plain Error is shown as a bug (src/engine/error/orket-error.ts).",
  },
];

/** A test waits for what it waits for, not for a time in which that should have come. */
const sleepless = [
  ...dialect,
  {
    selector: "CallExpression[callee.property.name='waitForTimeout']",
    message: "Wait for the condition: a locator, or `until` of test/until.ts.",
  },
  {
    selector:
      "CallExpression[callee.name='setTimeout'] > Identifier:first-child[name=/^(resolve|done|next|settle)$/]",
    message: "Wait for the condition with `until` of test/until.ts, or `pace` somebody whom the test plays.",
  },
  {
    selector: "ImportDeclaration[source.value=/^(node:)?timers\\/promises$/]",
    message: "Wait for the condition with `until` of test/until.ts, or `pace` somebody whom the test plays.",
  },
];

const importsOf = (...patterns) => [
  "error",
  { patterns: patterns.map(([regex, message]) => ({ regex, message })) },
];

export default tseslint.config(
  {
    ignores: [
      "node_modules/**",
      "dist/**",
      ".vscode-test/**",
      ".live/**",
      "test-output/**",
      "scratch/**",
      "examples/**",
      "test/fixtures/**",
      "test/golden/**/*.js",
    ],
  },
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
  },
  {
    files: ["**/*.ts", "**/*.tsx"],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: { project: ["./tsconfig.lint.json"], tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: false },
      ],
      "@typescript-eslint/consistent-type-imports": [
        "error",
        { fixStyle: "separate-type-imports", disallowTypeAnnotations: false },
      ],
      "@typescript-eslint/no-shadow": "error",
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_", caughtErrorsIgnorePattern: "^_" },
      ],
      // A port's method is async because one of its implementations must wait; the others need not.
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      "no-restricted-syntax": ["error", ...dialect],
      "no-console": "error",
      eqeqeq: ["error", "always", { null: "ignore" }],
      "max-lines": ["error", { max: 500, skipBlankLines: true, skipComments: true }],
      "max-lines-per-function": ["error", { max: 90, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ["src/**/*.ts", "webview/**/*.ts", "webview/**/*.tsx"],
    // What other tools call their backends is theirs.
    ignores: ["src/language/import/**"],
    rules: { "no-restricted-syntax": ["error", ...product] },
  },
  {
    files: ["src/{app,cli,host}/**/*.ts", "webview/**/*.ts", "webview/**/*.tsx"],
    // A page without its elements is no page; nobody started anything there.
    ignores: ["webview/ui/page-element.ts"],
    rules: { "no-restricted-syntax": ["error", ...coded] },
  },
  {
    files: ["src/engine/**/*.ts"],
    rules: {
      "no-restricted-globals": ["error", ...bannedInEngine],
      "no-restricted-properties": [
        "error",
        { object: "Date", property: "now", message: clockAndChance },
        { object: "Math", property: "random", message: clockAndChance },
      ],
      "no-restricted-syntax": [
        "error",
        ...product,
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: clockAndChance },
        { selector: "CallExpression[callee.name='Date']", message: clockAndChance },
        // `const d = Date` or `const { now } = Date` would get past the property rule.
        { selector: "VariableDeclarator[init.name=/^(Date|Math)$/]", message: clockAndChance },
        {
          selector: "CallExpression[callee.property.name=/^toLocale/]",
          message: "What a locale prints differs between machines; the engine's text may not.",
        },
        {
          selector: "CallExpression[callee.property.name='localeCompare']",
          message: "Sort by code unit: a locale's order differs between machines.",
        },
      ],
    },
  },
  // Import rules here only speak earlier, in the editor; dependency-cruiser is what decides.
  {
    files: ["src/engine/**/*.ts", "src/language/**/*.ts", "src/protocol/**/*.ts"],
    rules: {
      "@typescript-eslint/no-restricted-imports": importsOf(
        ["^vscode$", "Only src/host knows VS Code."],
        ["^node:", "This layer is pure: no Node modules."],
      ),
    },
  },
  {
    files: ["src/adapters/**/*.ts", "src/cli/**/*.ts", "webview/**/*.ts", "webview/**/*.tsx"],
    rules: {
      "@typescript-eslint/no-restricted-imports": importsOf(["^vscode$", "Only src/host knows VS Code."]),
    },
  },
  {
    // The command line's business is to print.
    files: ["src/cli/**/*.ts", "bench/**/*.ts"],
    rules: { "no-console": "off" },
  },
  {
    files: ["test/**/*.ts", "test/**/*.tsx"],
    ignores: ["test/until.ts"],
    rules: { "no-restricted-syntax": ["error", ...sleepless] },
  },
  {
    files: ["test/**/*.ts", "test/**/*.tsx", "bench/**/*.ts"],
    rules: {
      // A suite is one long callback by nature; its length says nothing about its parts.
      "max-lines-per-function": "off",
      "max-lines": ["error", { max: 900, skipBlankLines: true, skipComments: true }],
      "no-console": "off",
    },
  },
  {
    files: ["**/*.mjs", "**/*.cjs", "**/*.js"],
    extends: [tseslint.configs.base],
    languageOptions: { ecmaVersion: 2024 },
    rules: {
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-undef": "off",
      "no-unused-vars": ["error", { argsIgnorePattern: "^_", caughtErrorsIgnorePattern: "^_" }],
      "prefer-const": "error",
      "max-lines": ["error", { max: 500, skipBlankLines: true, skipComments: true }],
    },
  },
);
