import assert from "node:assert/strict";
import { commands } from "../../../src/cli/commands";
import { parseArguments } from "../../../src/cli/parse";
import { OrketError } from "../../../src/engine/error/orket-error";

function failure(...words: string[]): string {
  try {
    parseArguments(words, commands);
  } catch (error) {
    assert.ok(OrketError.is(error, "usage"));
    return `${error.message} ${error.hint ?? ""}`.trim();
  }
  return "";
}

/** The words of a command line, quoted ones whole. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word);
}

describe("arguments", () => {
  it("give the command, its words and its options, wherever the options stand", () => {
    const { command, given } = parseArguments(
      ["-C", "demo", "run", "--json", "shapes", "--input", "a=1", "--input=b=2", "--approve=all"],
      commands,
    );
    assert.equal(command?.name, "run");
    assert.deepEqual(given.positionals, ["shapes"]);
    assert.deepEqual(given.all("input"), ["a=1", "b=2"]);
    assert.equal(given.value("approve"), "all");
    assert.equal(given.value("directory"), "demo");
    assert.ok(given.flag("json"));
    assert.ok(!given.flag("help"));
  });

  it("take what follows -- as words", () => {
    const { given } = parseArguments(["diff", "last", "--", "--stat", "-x"], commands);
    assert.deepEqual(given.positionals, ["last", "--stat", "-x"]);
    assert.ok(!given.flag("stat"));
  });

  it("take a value that begins with a dash or is empty", () => {
    const { given } = parseArguments(["run", "shapes", "--task", "-1 is fine", "--venue", ""], commands);
    assert.equal(given.value("task"), "-1 is fine");
    assert.equal(given.value("venue"), "");
  });

  it("name the nearest command and option", () => {
    assert.equal(failure("valdate"), "There is no command 'valdate'. Did you mean validate?");
    assert.equal(
      failure("run", "shapes", "--aprove", "all"),
      "run has no option '--aprove'. Did you mean --approve?",
    );
    assert.equal(failure("xyzzy"), "There is no command 'xyzzy'. See orket --help.");
    assert.equal(failure("run", "x", "-z"), "run has no option '-z'. See orket run --help.");
  });

  it("refuse a missing value, a word that is none of the choices, and too many words", () => {
    assert.match(failure("run", "shapes", "--task"), /--task needs a value/);
    assert.match(failure("run", "shapes", "--approve", "some"), /none or all, not 'some'/);
    assert.match(failure("run", "shapes", "more"), /takes no argument 'more'/);
    assert.match(failure("run"), /Missing argument FLOW/);
    assert.match(failure("run", "shapes", "--json=yes"), /takes no value/);
    assert.match(failure("run", "shapes", "--venue", "a", "--venue", "b"), /given twice/);
  });

  it("show no control characters of a wrong word", () => {
    assert.ok(!failure("run", "x", "\u001b[31m--bad").includes("\u001b"));
    assert.ok(!failure("\u001b[2J").includes("\u001b"));
  });

  it("let help through when words are missing", () => {
    assert.ok(parseArguments(["run", "--help"], commands).given.flag("help"));
  });
});

describe("commands", () => {
  it("have a summary, an example that begins with orket and their name, and options that say what they do", () => {
    for (const { name, summary, examples, options } of commands) {
      assert.ok(summary.endsWith("."), name);
      assert.ok(examples.length > 0, name);
      for (const { line } of examples) assert.ok(line.startsWith(`orket ${name}`), line);
      for (const option of options) assert.ok(option.summary.endsWith("."), `${name} --${option.name}`);
    }
  });

  it("read their own examples", () => {
    for (const { examples } of commands) {
      for (const { line } of examples) {
        const own = line.split(/ (?:&&|>) /)[0] ?? "";
        assert.doesNotThrow(() => parseArguments(wordsOf(own).slice(1), commands), line);
      }
    }
  });
});
