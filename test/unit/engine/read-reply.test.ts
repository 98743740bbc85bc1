import assert from "node:assert/strict";
import fc from "fast-check";
import { readReply } from "../../../src/engine/agent/reader/read-reply";
import type { ReadingMode } from "../../../src/engine/agent/reader/read-reply";

const tools = [
  { name: "write_file", parameters: ["path", "content"] },
  { name: "read_file", parameters: ["path", "start_line", "end_line"] },
  { name: "edit_file", parameters: ["path", "old_text", "new_text", "replace_all"] },
  { name: "delete_file", parameters: ["path"] },
  { name: "set_verdict", parameters: ["verdict", "reason"] },
];
const all: ReadingMode = { tools, search: "all", askAboutQuotes: true };
const F = "```";

/** The forms that models are trained on, each with one call of write_file. */
const forms: Readonly<Record<string, (path: string, content: string) => string>> = {
  "Orket's own JSON": (path, content) => JSON.stringify({ tool: "write_file", args: { path, content } }),
  "JSON with a thought beside it": (path, content) =>
    JSON.stringify({ thought: "write it", tool: "write_file", args: { path, content } }),
  "JSON with name and arguments": (path, content) =>
    JSON.stringify({ name: "write_file", arguments: { path, content } }, null, 2),
  "JSON with parameters (Llama)": (path, content) =>
    JSON.stringify({ name: "write_file", parameters: { path, content } }),
  "arguments beside the tool": (path, content) => JSON.stringify({ tool: "write_file", path, content }),
  "the tool's name as the only key": (path, content) => JSON.stringify({ write_file: { path, content } }),
  "OpenAI's own shape": (path, content) =>
    JSON.stringify({
      tool_calls: [
        {
          id: "a",
          type: "function",
          function: { name: "write_file", arguments: JSON.stringify({ path, content }) },
        },
      ],
    }),
  "a list (xLAM)": (path, content) => JSON.stringify([{ name: "write_file", arguments: { path, content } }]),
  "Hermes and Qwen": (path, content) =>
    `<tool_call>\n${JSON.stringify({ name: "write_file", arguments: { path, content } })}\n</tool_call>`,
  "Hermes without its end": (path, content) =>
    `<tool_call>\n${JSON.stringify({ name: "write_file", arguments: { path, content } })}`,
  "Qwen3-Coder": (path, content) =>
    `<tool_call>\n<function=write_file>\n<parameter=path>\n${path}\n</parameter>\n<parameter=content>\n${content}\n</parameter>\n</function>\n</tool_call>`,
  GLM: (path, content) =>
    `<tool_call>write_file\n<arg_key>path</arg_key>\n<arg_value>${path}</arg_value>\n<arg_key>content</arg_key>\n<arg_value>\n${content}\n</arg_value>\n</tool_call>`,
  Mistral: (path, content) =>
    `[TOOL_CALLS] [${JSON.stringify({ name: "write_file", arguments: { path, content } })}]`,
  "newer Mistral": (path, content) => `[TOOL_CALLS]write_file[ARGS]${JSON.stringify({ path, content })}`,
  "Llama's python tag": (path, content) =>
    `<|python_tag|>${JSON.stringify({ name: "write_file", parameters: { path, content } })}<|eom_id|>`,
  "Llama's function tag": (path, content) =>
    `<function=write_file>\n<parameter=path>${path}</parameter>\n<parameter=content>\n${content}\n</parameter>\n</function>`,
  "a Python list": (path, content) =>
    `[write_file(path=${JSON.stringify(path)}, content=${JSON.stringify(content)})]`,
  "a Python call": (path, content) => `write_file(${JSON.stringify(path)}, ${JSON.stringify(content)})`,
  Gemma: (path, content) =>
    `${F}tool_code\nprint(write_file(path=${JSON.stringify(path)}, content=${JSON.stringify(content)}))\n${F}`,
  "DeepSeek V3": (path, content) =>
    `<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>write_file\n${F}json\n${JSON.stringify({ path, content })}\n${F}<｜tool▁call▁end｜><｜tool▁calls▁end｜>`,
  "DeepSeek V3.1": (path, content) =>
    `<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>write_file<｜tool▁sep｜>${JSON.stringify({ path, content })}<｜tool▁call▁end｜><｜tool▁calls▁end｜>`,
  "Kimi K2": (path, content) =>
    `<|tool_calls_section_begin|><|tool_call_begin|>functions.write_file:0<|tool_call_argument_begin|>${JSON.stringify({ path, content })}<|tool_call_end|><|tool_calls_section_end|>`,
  "Claude's tags": (path, content) =>
    `<function_calls>\n<invoke name="write_file">\n<parameter name="path">${path}</parameter>\n<parameter name="content">\n${content}\n</parameter>\n</invoke>\n</function_calls>`,
  "the tool's own tag (Cline)": (path, content) =>
    `<write_file>\n<path>${path}</path>\n<content>\n${content}\n</content>\n</write_file>`,
  Granite: (path, content) =>
    `<|tool_call|>[${JSON.stringify({ name: "write_file", arguments: { path, content } })}]`,
  Cohere: (path, content) =>
    `<|START_ACTION|>[${JSON.stringify({ tool_call_id: "0", tool_name: "write_file", parameters: { path, content } })}]<|END_ACTION|>`,
  InternLM: (path, content) =>
    `<|action_start|><|plugin|>${JSON.stringify({ name: "write_file", parameters: { path, content } })}<|action_end|>`,
  "LM Studio": (path, content) =>
    `[TOOL_REQUEST]${JSON.stringify({ name: "write_file", arguments: { path, content } })}[END_TOOL_REQUEST]`,
  Nemotron: (path, content) =>
    `<TOOLCALL>[${JSON.stringify({ name: "write_file", arguments: { path, content } })}]</TOOLCALL>`,
  LFM2: (path, content) =>
    `<|tool_call_start|>[write_file(path=${JSON.stringify(path)}, content=${JSON.stringify(content)})]<|tool_call_end|>`,
  "gpt-oss": (path, content) =>
    `<|channel|>analysis<|message|>I write it.<|end|><|start|>assistant<|channel|>commentary to=functions.write_file <|constrain|>json<|message|>${JSON.stringify({ path, content })}<|call|>`,
  ReAct: (path, content) =>
    `Thought: I write it.\nAction: write_file\nAction Input: ${JSON.stringify({ path, content })}`,
  "a fence as the whole reply": (path, content) =>
    `${F}json\n${JSON.stringify({ tool: "write_file", args: { path, content } })}\n${F}`,
};

const argsOf = (value: unknown): unknown => (typeof value === "string" ? JSON.parse(value) : value);

describe("The reader of a reply's text", function () {
  this.timeout(120_000);

  for (const [name, write] of Object.entries(forms)) {
    it(`reads a call in the form of ${name}, alone, behind a word and behind thoughts`, () => {
      const call = write("notes.txt", "hello\nworld");
      for (const text of [call, `\n\n${call}\n`, `<think>\nFirst I look.\n</think>\n\n${call}`]) {
        const { calls, unread } = readReply(text, all);
        assert.deepEqual(unread, [], text);
        assert.equal(calls.length, 1, text);
        assert.equal(calls[0]?.tool, "write_file");
        assert.deepEqual(argsOf(calls[0]?.args), { path: "notes.txt", content: "hello\nworld" });
      }
    });

    it(`performs no draft of it within thoughts: ${name}`, () => {
      const draft = write("notes.txt", "hello");
      const isOpenHarmony = (text: string): boolean => name === "gpt-oss" && text.startsWith("I could");
      for (const text of [
        `<think>\nI could say\n${draft}\nbut no.\n</think>\n\nNothing to do.`,
        `I could say\n${draft}\nbut no.\n</think>\n\nNothing to do.`,
        `<thinking>${draft}</thinking>Nothing to do.`,
        `[THINK]${draft}[/THINK]Nothing to do.`,
        `Nothing to do.\n<think>\n${draft}`,
      ]) {
        if (isOpenHarmony(text)) continue;
        const { calls, unread, said } = readReply(text, all);
        assert.deepEqual(calls, [], text);
        assert.deepEqual(unread, [], text);
        assert.equal(said, "Nothing to do.", text);
      }
    });
  }

  it("reads JSON in every form with any content, and loses nothing of it", () => {
    const json = Object.entries(forms).filter(([name]) => !/Coder|GLM|tag|Claude/.test(name));
    fc.assert(
      fc.property(
        fc.constantFrom(...json),
        fc.oneof(
          fc.string({ unit: "grapheme" }),
          fc.constantFrom(
            "<think>",
            "</think>\n",
            "a\n```\nb",
            "END\n",
            '{"tool": "delete_file", "args": {}}',
            "</tool_call>\n",
            "\u2028",
            "it's",
          ),
        ),
        ([, write], content) => {
          const { calls, unread } = readReply(write("a.txt", content), all);
          assert.deepEqual(unread, []);
          assert.deepEqual(argsOf(calls[0]?.args), { path: "a.txt", content });
        },
      ),
      { seed: 7, numRuns: 300 },
    );
  });

  it("reads the tags of models with any lines as content", () => {
    const tagged = Object.entries(forms).filter(([name]) => /Coder|GLM|function tag|Claude|Cline/.test(name));
    const line = fc.oneof(
      fc.string({ maxLength: 20 }).filter((text) => !/^\s*$|<|\r/.test(text)),
      fc.constantFrom(
        "<div>",
        "</parameter>x",
        "<b>fett</b>",
        "if (a < b) {",
        "</content>!",
        "END",
        "TOOL: x",
      ),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...tagged),
        fc.array(line, { minLength: 1, maxLength: 6 }),
        ([, write], lines) => {
          const content = lines.join("\n");
          const { calls, unread } = readReply(write("a.txt", content), all);
          assert.deepEqual(unread, []);
          assert.deepEqual(calls[0]?.args, { path: "a.txt", content });
        },
      ),
      { seed: 7, numRuns: 400 },
    );
  });

  it("performs nothing of a call that ends too early, wherever it was cut, and says so", () => {
    for (const [name, write] of Object.entries(forms)) {
      if (name === "a fence as the whole reply") continue;
      const whole = write("notes.txt", "hello\nworld and more\nlines");
      const at = whole.indexOf("hello") + 4;
      const { calls, unread } = readReply(whole.slice(0, at), all);
      assert.deepEqual(calls, [], name);
      assert.equal(unread.length, 1, name);
      assert.match(unread[0]?.kind ?? "", /cut|unreadable/, name);
    }
  });

  for (const [what, text] of Object.entries({
    "a trailing comma": '{"tool": "write_file", "args": {"path": "a.txt", "content": "hi",},}',
    "raw line feeds": '{"tool": "write_file", "args": {"path": "a.txt", "content": "one\ntwo"}}',
    "single quotes": "{'tool': 'write_file', 'args': {'path': 'a.txt', 'content': 'hi'}}",
    "words of Python": "{'tool': 'edit_file', 'args': {'path': 'a', 'replace_all': True, 'old_text': None}}",
    "a bracket too many": '{"tool": "write_file", "args": {"path": "a.txt", "content": "hi"}}}',
    "an escaped apostrophe": '{"tool": "write_file", "args": {"path": "a.txt", "content": "it\\\'s"}}',
  })) {
    it(`reads JSON with ${what}`, () => {
      const { calls, unread } = readReply(text, all);
      assert.deepEqual(unread, []);
      assert.equal(calls.length, 1);
    });
  }

  it("does not guess where a quote stands within single quotes", () => {
    const { calls, unread } = readReply(
      "{'tool': 'write_file', 'args': {'path': 'a', 'content': 'it's so'}}",
      all,
    );
    assert.deepEqual(calls, []);
    assert.equal(unread.length, 1);
  });

  for (const [what, text] of Object.entries({
    "an example in a fence, with words behind it": `A file is removed so:\n\n${F}json\n{"tool": "delete_file", "args": {"path": "a"}}\n${F}\n\nI changed nothing.`,
    "code within a sentence": 'To remove it, say `{"tool": "delete_file", "args": {"path": "a"}}` and wait.',
    "a sentence with the call in it":
      'The notes say {"tool": "delete_file", "args": {"path": "a"}} for that.',
    "a line that is quoted": '> {"tool": "delete_file", "args": {"path": "a"}}\n\nSo says the file.',
    "tags within a sentence":
      'Qwen writes <tool_call>{"name": "delete_file", "arguments": {"path": "a"}}</tool_call> for that.',
    "a block that is quoted": "> TOOL: delete_file\n> PATH: a\n> END\n\nSo says the file.",
    "a function within a sentence": 'I used delete_file(path="a") before.',
    "data that names a person": '{"name": "Ada", "arguments_seen": 3}',
    "a description of a tool":
      '{"name": "delete_file", "description": "Deletes.", "parameters": {"type": "object", "properties": {"path": {"type": "string"}}}}',
    "the word think in code": "The mark `<think>` opens thoughts, `</think>` ends them.",
  })) {
    it(`takes for prose: ${what}`, () => {
      const { calls, unread, said } = readReply(text, all);
      assert.deepEqual(calls, []);
      assert.deepEqual(unread, []);
      assert.equal(said, text);
    });
  }

  for (const [what, text] of Object.entries({
    "a fence at the end": `I'll do it:\n${F}json\n{"name": "write_file", "arguments": {"path": "a", "content": "b"}}\n${F}`,
    "a call at the end of a line": 'Sure! {"tool": "write_file", "args": {"path": "a", "content": "b"}}',
  })) {
    if (what.startsWith("a call")) continue;
    it(`performs no call that may be a quotation, and asks: ${what}`, () => {
      const { calls, unread } = readReply(text, all);
      assert.deepEqual(calls, []);
      assert.equal(unread[0]?.kind, "quoted");
      assert.equal(unread[0].tool, "write_file");
      assert.deepEqual(readReply(text, { ...all, askAboutQuotes: false }).unread, []);
    });
  }

  it("tells of a tool that the role does not have", () => {
    for (const text of [
      '{"tool": "run_shell", "args": {"command": "ls"}}',
      '<tool_call>{"name": "run_shell", "arguments": {}}</tool_call>',
      "TOOL: run_shell\nCOMMAND: ls\nEND",
    ]) {
      const { calls, unread } = readReply(text, all);
      assert.deepEqual(calls, []);
      assert.equal(unread[0]?.kind, "unknown_tool", text);
      assert.equal(unread[0].tool, "run_shell");
    }
  });

  it("reads several calls in their order, and one that was repeated once", () => {
    const a = '{"tool": "read_file", "args": {"path": "a"}}';
    const b = '{"tool": "read_file", "args": {"path": "b"}}';
    const { calls, said } = readReply(`First:\n${a}\n${b}\n${a}\n`, all);
    assert.deepEqual(
      calls.map(({ args }) => args),
      [{ path: "a" }, { path: "b" }],
    );
    assert.equal(said, "First:");
  });

  it("performs no text where the backend's own calls are in use, and tells of marks in it", () => {
    const marked: ReadingMode = { ...all, search: "marked" };
    assert.deepEqual(readReply('{"tool": "delete_file", "args": {"path": "a"}}', marked).unread, []);
    const { calls, unread } = readReply(
      '<tool_call>{"name": "delete_file", "arguments": {"path": "a"}}</tool_call>',
      marked,
    );
    assert.deepEqual(calls, []);
    assert.equal(unread[0]?.kind, "not_native");
  });

  describe("in the block form", () => {
    const block = (content: string): string => `TOOL: write_file\nPATH: a.txt\nCONTENT:\n${content}END\n`;

    it("keeps lines END of the content", () => {
      const content = "BEGIN\n  RETURN 1;\nEND\n$$ LANGUAGE plpgsql;\nGRANT EXECUTE ON FUNCTION f TO app;\n";
      assert.deepEqual(readReply(block(content), all).calls[0]?.args, { path: "a.txt", content });
    });

    it("loses nothing of any lines", () => {
      const line = fc.oneof(
        fc.constantFrom("END", "  END", "BEGIN", "", "END;", "PATH: x"),
        fc.string({ maxLength: 12 }),
      );
      fc.assert(
        fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
          const content = lines.map((text) => `${text.replaceAll(/[\r\n`]/g, "")}\n`).join("");
          assert.deepEqual(readReply(block(content), all).calls, [
            { tool: "write_file", args: { path: "a.txt", content } },
          ]);
        }),
        { seed: 3, numRuns: 300 },
      );
    });

    it("reads two blocks, and words behind a blank line", () => {
      const { calls, said } = readReply(
        `${block("one\n")}\n${block("two\n").replace("a.txt", "b.txt")}\nThat is all.`,
        all,
      );
      assert.deepEqual(
        calls.map(({ args }) => args),
        [
          { path: "a.txt", content: "one\n" },
          { path: "b.txt", content: "two\n" },
        ],
      );
      assert.equal(said, "That is all.");
    });

    const edit = (old: string, now: string): string =>
      `TOOL: edit_file\nPATH: a.txt\nREPLACE_ALL: true\nOLD_TEXT:\n${old}END OLD_TEXT\nNEW_TEXT:\n${now}END NEW_TEXT\nEND`;

    it("reads several long values, and loses nothing of any lines in them", () => {
      const line = fc.oneof(
        fc.constantFrom(
          "END",
          "  END",
          "",
          "END OTHER",
          "NEW_TEXT:",
          "PATH: x",
          "OLD_TEXT:",
          "TOOL:",
          "CONTENT:",
        ),
        fc.string({ maxLength: 12 }),
      );
      const value = fc
        .array(line, { maxLength: 6 })
        .map((lines) => lines.map((text) => `${text.replaceAll(/[\r\n`]/g, "")}\n`).join(""));
      fc.assert(
        fc.property(value, value, fc.boolean(), (old, now, spaced) => {
          const text = spaced ? edit(old, now).replaceAll("_TEXT\nNEW", "_TEXT\n\nNEW") : edit(old, now);
          assert.deepEqual(readReply(text, all).calls, [
            { tool: "edit_file", args: { path: "a.txt", replace_all: "true", old_text: old, new_text: now } },
          ]);
        }),
        { seed: 7, numRuns: 500 },
      );
    });

    it("needs no name behind END where another argument of the tool follows", () => {
      const text = "TOOL: edit_file\nOLD_TEXT:\none\nEND\nNEW_TEXT:\ntwo\nEND\nPATH: a.txt\nEND\n\nDone.";
      const { calls, said } = readReply(text, all);
      assert.deepEqual(calls, [
        { tool: "edit_file", args: { old_text: "one\n", new_text: "two\n", path: "a.txt" } },
      ]);
      assert.equal(said, "Done.");
    });

    it("keeps an argument's name in the content where it was given, or where the tool has none of it", () => {
      const content = "END\nPATH: b.txt\nEND\nNEW_TEXT:\nEND\nCONTENT:\n";
      assert.deepEqual(readReply(block(content), all).calls[0]?.args, { path: "a.txt", content });
    });

    it("knows a tool's arguments however they are spelled, and keeps others as they are", () => {
      const tool = { name: "odd", parameters: ["maxResults", "with-dash"] };
      const text = "TOOL: odd\nMAX_RESULTS: 3\nWITH_DASH: true\nOTHER_ONE: x\nEND";
      assert.deepEqual(readReply(text, { ...all, tools: [tool] }).calls, [
        { tool: "odd", args: { maxResults: "3", "with-dash": "true", other_one: "x" } },
      ]);
    });

    it("reads one block with named ends after another", () => {
      const { calls, unread } = readReply(
        `${edit("a\n", "b\n")}\n\n${block("c\n")}\n${edit("d\n", "e\n")}`,
        all,
      );
      assert.deepEqual(unread, []);
      assert.deepEqual(
        calls.map(({ args }) => Object.values(args as object).at(-1) as unknown),
        ["b\n", "c\n", "e\n"],
      );
    });

    it("ends a block before the next one, also where that has END lines of its own", () => {
      const second = block("BEGIN\nEND\nEND\n").replace("a.txt", "b.txt");
      assert.deepEqual(
        readReply(`${block("one\n")}${second}`, all).calls.map(({ args }) => args),
        [
          { path: "a.txt", content: "one\n" },
          { path: "b.txt", content: "BEGIN\nEND\nEND\n" },
        ],
      );
    });

    it("performs nothing whose text goes on behind its last END", () => {
      const { calls, unread } = readReply(`${edit("a\n", "b\n")}\nmore`, all);
      assert.deepEqual(calls, []);
      assert.equal(unread[0]?.kind, "unreadable");
    });

    it("performs nothing without its END, or with text directly behind it, and says so", () => {
      for (const text of [
        "TOOL: write_file\nPATH: a.txt\nCONTENT:\nhalf a file",
        `${block("BEGIN\n")}more of the file`,
      ]) {
        const { calls, unread } = readReply(text, all);
        assert.deepEqual(calls, []);
        assert.equal(unread.length, 1);
      }
    });
  });

  it("ends for any text, and says what was said where there is no call in it", () => {
    const piece = fc.constantFrom(
      "<think>",
      "</think>",
      "```",
      "`",
      "{",
      "}",
      "[",
      "]",
      '"',
      "tool",
      ":",
      "\n",
      "TOOL: write_file",
      "END",
      "<tool_call>",
      "<write_file>",
      "write_file(",
      "Action: x",
      "a",
      " ",
      "<｜tool▁sep｜>",
      "\\",
      ",",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const { calls, unread } = readReply(pieces.join(""), all);
        assert.ok(calls.length + unread.length <= pieces.length);
      }),
      { seed: 11, numRuns: 1000 },
    );
  });
});
