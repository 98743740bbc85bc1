import assert from "node:assert/strict";
import { anyTouches, builtinTools, toolTable } from "../../../src/engine/model/tools";
import { toolRegistry } from "../../../src/engine/agent/tool/registry";

describe("the table of tools", () => {
  it("has a tool behind each line, with the line's own name, description and touch", () => {
    for (const name of builtinTools) {
      const tool = toolRegistry[name];
      assert.equal(tool.name, name);
      assert.equal(tool.description, toolTable[name].description);
      assert.equal(tool.touches, toolTable[name].touches);
    }
    assert.deepEqual(Object.keys(toolRegistry), builtinTools);
  });

  it("calls no tool harmless that takes a path", () => {
    for (const name of builtinTools) {
      // The fields of a result are the step's own; no tool of that kind touches a file by them.
      const { shape = {} } = toolRegistry[name].args as unknown as { shape?: object };
      const takesPath = Object.hasOwn(shape, "path") || Object.hasOwn(shape, "from");
      assert.equal(toolTable[name].touches !== "none", takesPath, name);
    }
  });

  it("tells whether a role's tools read or write; tools of others are outside the policy", () => {
    assert.equal(anyTouches(["update_notes", "vscode:read_file"], "read"), false);
    assert.equal(anyTouches(["update_notes", "search_files"], "read"), true);
    assert.equal(anyTouches(["read_file"], "write"), false);
    assert.equal(anyTouches(["read_file", "delete_file"], "write"), true);
  });
});
