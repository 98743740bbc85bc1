import assert from "node:assert/strict";
import { safeOutput } from "../../../src/cli/text/safe";
import { styleFor } from "../../../src/cli/text/style";

describe("What reaches a terminal", () => {
  const hostile = {
    "sets the clipboard": "\u001b]52;c;cm0gLXJmIH4=\u0007",
    "sets the title": "\u001b]0;root\u001b\\",
    "moves and erases": "\u001b[3A\u001b[2K\rdone",
    "hides what follows": "\u001b[8m",
    "makes a link": "\u001b]8;;https://evil.example\u0007click\u001b]8;;\u0007",
    "begins with one byte of eight bits": "\u009b2J\u009d52;c;AAAA\u009c",
    "asks the terminal to answer": "\u001b[6n\u001bZ\u0005",
    "turns the direction": "txt.\u202egpj",
    isolates: "\u2066a\u2069",
    "rings, deletes, goes back": "\u0007\u007f\b",
  };
  for (const [what, text] of Object.entries(hostile)) {
    it(`holds nothing that steers it: text that ${what}`, () => {
      const bare = safeOutput(`a${text}b`);
      assert.doesNotMatch(
        bare,
        /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/,
      );
      assert.ok(bare.startsWith("a") && bare.endsWith("b"));
    });
  }

  it("keeps Orket's own colours, lines and tabs", () => {
    const text = `${styleFor(true).red("error")}: ${styleFor(true).bold("x")}\n\tmore\n`;
    assert.equal(safeOutput(text), text);
  });
});
