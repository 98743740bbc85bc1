/*
 * The layer table as a check. Type-only imports count (tsPreCompilationDeps): a layer that names another layer's
 * types depends on it. `vscode` must be matched in both of its forms, because with @types/vscode installed an
 * import of "vscode" resolves to that package, and a rule on the bare name would pass in silence.
 */

const vscode = "^vscode$|node_modules/@types/vscode";
const npm = (...names) => `node_modules/(@types/)?(${names.join("|")})(/|$)`;

/** A layer may reach only what is listed; everything else is an error that names the layer. */
const layer = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: "error",
  from: { path: from },
  to: { pathNot: allowed },
});

module.exports = {
  forbidden: [
    layer(
      "engine-is-pure",
      "^src/engine/",
      ["^src/engine/", npm("zod")],
      "The engine imports itself and zod.",
    ),
    layer(
      "language-is-pure",
      "^src/language/",
      [
        "^src/language/",
        "^src/engine/(model|error|policy)(/|\\.ts$)",
        npm("yaml", "zod", "vscode-languageserver-types"),
      ],
      "The YAML service imports the engine's model, policy and errors, yaml, zod, and the language server types.",
    ),
    layer(
      "protocol-is-small",
      "^src/protocol/",
      ["^src/protocol/", "^src/engine/(event|model|view)(/|\\.ts$)", npm("zod")],
      "The protocol imports the engine's events, model and view, and zod.",
    ),
    {
      ...layer(
        "adapters-know-the-engine",
        "^src/adapters/",
        ["^src/(adapters|engine)/", npm("zod", "ollama", "openai", "undici", "diff", "re2js", "ignore")],
        "Adapters import the engine, Node and the model SDKs.",
      ),
      to: {
        pathNot: [
          "^src/(adapters|engine)/",
          npm("zod", "ollama", "openai", "undici", "diff", "re2js", "ignore"),
        ],
        dependencyTypesNot: ["core"],
      },
    },
    {
      ...layer(
        "app-has-no-editor",
        "^src/app/",
        [],
        "What a host does with a session: engine, language, protocol, adapters and Node.",
      ),
      to: {
        pathNot: ["^src/(app|engine|language|protocol|adapters)/", npm("zod", "yaml", "diff", "node-diff3")],
        dependencyTypesNot: ["core"],
      },
    },
    {
      ...layer(
        "cli-has-no-editor",
        "^src/cli/",
        [],
        "The command line imports every layer but host and webview.",
      ),
      to: {
        pathNot: [
          "^src/(cli|engine|language|protocol|adapters|app)/",
          npm("zod", "yaml", "diff", "string-width"),
        ],
        dependencyTypesNot: ["core"],
      },
    },
    {
      ...layer(
        "host-is-no-cli",
        "^src/(host/|extension\\.ts$)",
        [],
        "The host imports every layer but cli and webview.",
      ),
      to: {
        pathNot: [
          "^src/(host|engine|language|protocol|adapters|app)/",
          vscode,
          npm("zod", "yaml", "diff", "vscode-languageserver-types"),
        ],
        dependencyTypesNot: ["core"],
      },
    },
    layer(
      "webview-knows-the-protocol",
      "^webview/",
      [
        "^webview/",
        "^src/protocol/",
        npm(
          "@vscode/webview-ui-toolkit",
          "@microsoft/fast-[a-z]+",
          "@tanstack/virtual-core",
          "@vscode/codicons",
          "preact",
        ),
      ],
      "A panel talks to the host through src/protocol only.",
    ),
    {
      name: "language-server-types-only",
      comment: "No bundler can take the package apart: one import of a value brings all of it.",
      severity: "error",
      from: { path: "^(src|webview)/" },
      to: { path: npm("vscode-languageserver-types"), dependencyTypesNot: ["type-only"] },
    },
    {
      name: "only-the-host-knows-vscode",
      comment: "Every other layer runs without an editor.",
      severity: "error",
      from: { path: "^(src|webview)/", pathNot: "^src/(host/|extension\\.ts$)" },
      to: { path: vscode },
    },
    {
      name: "product-never-imports-tests",
      severity: "error",
      from: { path: "^(src|webview)/" },
      to: { path: "^(test|bench|scripts)/" },
    },
    {
      name: "no-cycles",
      comment: "Two modules that need each other are one module, or hide a third.",
      severity: "error",
      from: { path: "^(src|webview)/" },
      to: { circular: true },
    },
    {
      name: "nothing-unresolved",
      severity: "error",
      from: { path: "^(src|webview|test|bench)/" },
      to: { couldNotResolve: true, pathNot: "^vscode$" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(dist|test-output|scratch)/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.lint.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
      extensions: [".ts", ".tsx", ".d.ts", ".js", ".mjs", ".cjs", ".json", ".css"],
    },
    cache: { folder: "node_modules/.cache/dependency-cruiser", strategy: "content" },
  },
};
