/*
 * Loads a built extension and activates it in an editor that accepts every call and gives nothing back. Prints as JSON what it
 * registered, and the files that were loaded: by the activation, and when the editor has gone on. `node any-editor.cjs FILE`
 */
const Module = require("node:module");

/** Whatever is read from it or returned by it is such a thing again. */
function anything() {
  const parts = { name: "anything" };
  const target = function () {};
  return new Proxy(target, {
    get: (_, key) => {
      if (key === "prototype") return target.prototype;
      if (key === Symbol.toPrimitive) return () => "anything";
      if (key === Symbol.iterator) return () => [].values();
      if (key === "then") return undefined;
      return (parts[key] ??= anything());
    },
    set: (_, key, value) => {
      parts[key] = value;
      return true;
    },
    apply: () => anything(),
    construct: (_, __, made) =>
      made.prototype === target.prototype ? anything() : Object.create(made.prototype),
  });
}

class EventEmitter {
  event = () => ({ dispose() {} });
  fire() {}
  dispose() {}
}

const given = { EventEmitter, workspace: { ...anything(), workspaceFolders: [], textDocuments: [] } };
given.workspace = new Proxy(given.workspace, { get: (own, key) => (own[key] ??= anything()) });
const vscode = new Proxy(given, {
  get: (own, key) => (typeof key === "symbol" ? undefined : (own[key] ??= anything())),
});

const registered = [];
const recording = {
  commands: ["registerCommand"],
  window: ["createTreeView", "registerWebviewViewProvider"],
  lm: ["registerTool"],
  chat: ["createChatParticipant"],
};
for (const [part, names] of Object.entries(recording))
  for (const name of names)
    vscode[part][name] = (id) => {
      registered.push(id);
      return anything();
    };

const load = Module._load;
Module._load = function (request, ...rest) {
  return request === "vscode" ? vscode : load.call(this, request, ...rest);
};
process.on("unhandledRejection", (error) => {
  throw error;
});
const memory = { get: (_key, otherwise) => otherwise, update() {} };
const context = { subscriptions: [], workspaceState: memory, globalState: memory, extensionUri: anything() };
require(process.argv[2]).activate({
  ...context,
  secrets: anything(),
  languageModelAccessInformation: anything(),
});
const activation = { registered: [...registered], loaded: Object.keys(require.cache) };
setImmediate(() => {
  process.stdout.write(JSON.stringify({ ...activation, loadedLater: Object.keys(require.cache) }));
  // What is only planned does not begin.
  process.exit();
});
