import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import {
  createProject,
  diagnose,
  diagnosticCodes,
  fileKindOf,
  formatDiagnostic,
  keySpan,
  LineIndex,
  parseSource,
  resolveFlow,
  sourceLimits,
  valueSpan,
} from "../../../src/language";
import { maxDiagnosticsPerFile } from "../../../src/language/text/diagnostic";
import { findJsonProblem } from "../../../src/language/text/json-syntax";
import { editDistance, nearest } from "../../../src/language/text/nearest";
import { decodeUtf8 } from "../../../src/language/text/utf8";

function codes(file: string, text: string | Uint8Array): string[] {
  return diagnose(parseSource(file, text)).map(({ code }) => code);
}

describe("the kind of a file", () => {
  it("is known by its name", () => {
    assert.deepEqual(fileKindOf("a/b.flow.yaml"), { kind: "flow", format: "yaml" });
    assert.deepEqual(fileKindOf("b.band.yml"), { kind: "band", format: "yaml" });
    assert.deepEqual(fileKindOf("b.venue.JSON"), { kind: "venue", format: "json" });
    assert.deepEqual(fileKindOf("a.replies.yaml"), { kind: "replies", format: "yaml" });
    assert.equal(fileKindOf("flow.yaml"), undefined);
    assert.equal(fileKindOf("a.flow.yaml.bak"), undefined);
  });

  it("is asked for when the name does not say it", () => {
    assert.deepEqual(codes("notes.yaml", "a: 1"), ["orket/unknown-file-kind"]);
  });
});

describe("lines", () => {
  it("end with any line break and count columns in UTF-16 units", () => {
    const lines = new LineIndex("a\r\nb🎉c\rd\n");
    assert.equal(lines.lineCount, 4);
    assert.deepEqual(lines.positionAt(7), { line: 1, character: 4 });
    assert.deepEqual(lines.positionAt(8), { line: 2, character: 0 });
    assert.deepEqual(lines.positionAt(99), { line: 3, character: 0 });
  });

  it("turn positions back into offsets, within the text", () => {
    const text = "one\ntwo\r\nthree";
    const lines = new LineIndex(text);
    for (let offset = 0; offset <= text.length; offset++) {
      assert.equal(lines.offsetAt(lines.positionAt(offset)), offset);
    }
    assert.equal(lines.offsetAt({ line: 9, character: 9 }), text.length);
    assert.equal(lines.offsetAt({ line: 0, character: 99 }), 4);
  });
});

describe("the nearest word", () => {
  it("allows for a swap, a missing and a wrong letter", () => {
    assert.equal(editDistance("modle", "model", 3), 1);
    assert.equal(nearest("temprature", ["seed", "temperature"]), "temperature");
    assert.equal(nearest("Api-Key", ["api_key"]), "api_key");
  });

  it("is none when nothing is near", () => {
    assert.equal(nearest("zzz", ["temperature", "seed"]), undefined);
    assert.equal(nearest("x".repeat(10_000), ["x"]), undefined);
  });
});

describe("strict UTF-8", () => {
  it("reads what a decoder reads", () => {
    const text = "a\u00e9\u20ac\u{1f389}\ufeff\u0000z".repeat(3000);
    assert.deepEqual(decodeUtf8(new TextEncoder().encode(text)), { text });
  });

  it("agrees with a fatal decoder on every pair and on damaged sequences", () => {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    const agree = (bytes: Uint8Array): void => {
      let expected: string | undefined;
      try {
        expected = decoder.decode(bytes);
      } catch {
        expected = undefined;
      }
      const decoded = decodeUtf8(bytes);
      assert.equal("text" in decoded ? decoded.text : undefined, expected, String(bytes));
    };
    for (let first = 0; first < 256; first++) {
      for (let second = 0; second < 256; second++) agree(Uint8Array.of(first, second));
    }
    const edges = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff];
    for (const first of [0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xf5]) {
      for (const second of edges) {
        for (const third of edges)
          for (const fourth of edges) agree(Uint8Array.of(first, second, third, fourth));
      }
    }
  });
});

describe("JSON syntax", () => {
  const accepted = (text: string): boolean => {
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  };

  it("is judged as JSON.parse judges it, for every prefix and every lost character", () => {
    const text = '{"a": [1, -2.5e3, true, null, "x\\u00e9\\n"], "b": {}, "c": [], "d": {"e": [[], {}]}}';
    for (let index = 0; index <= text.length; index++) {
      const variants = [
        text.slice(0, index),
        text.slice(0, index) + text.slice(index + 1),
        `${text.slice(0, index)},${text.slice(index)}`,
      ];
      for (const variant of variants)
        assert.equal(findJsonProblem(variant) === undefined, accepted(variant), variant);
    }
  });

  it("refuses what only YAML allows", () => {
    for (const text of [
      "{a: 1}",
      "{'a': 1}",
      "[1,]",
      "[1] # c",
      "// c\n[]",
      "01",
      "[1 2]",
      '{"a" 1}',
      "tru",
      '"\t"',
      "+1",
    ]) {
      assert.equal(accepted(text), false);
      assert.ok(findJsonProblem(text), text);
    }
  });

  it("takes a long text and deep nesting without a stack", () => {
    assert.equal(findJsonProblem(JSON.stringify("x".repeat(1_000_000))), undefined);
    assert.equal(findJsonProblem("[".repeat(200_000) + "]".repeat(200_000)), undefined);
  });
});

describe("places in a file", () => {
  const text =
    'version: 1\nname: a\nroles:\n  coder: { prompt: &p "Write", tools: [read_file, list_dir] }\n  other: { prompt: *p }\n';
  const source = parseSource("a.band.yaml", text);
  const cut = (span: { start: number; end: number } | undefined): string | undefined =>
    span === undefined ? undefined : text.slice(span.start, span.end);

  it("are found by path for keys and values", () => {
    assert.equal(cut(keySpan(source, ["roles", "coder", "tools"])), "tools");
    assert.equal(cut(valueSpan(source, ["roles", "coder", "tools", 1])), "list_dir");
    assert.equal(cut(valueSpan(source, ["roles", "coder", "prompt"])), '"Write"');
    assert.equal(cut(valueSpan(source, ["roles", "other", "prompt"])), "*p");
  });

  it("are absent where nothing stands", () => {
    assert.equal(keySpan(source, ["roles", "nobody"]), undefined);
    assert.equal(valueSpan(source, ["roles", "coder", "tools", 7]), undefined);
    assert.equal(valueSpan(source, ["version", "deeper"]), undefined);
  });

  it("count without a byte order mark, and with any line break", () => {
    const [found] = diagnose(
      parseSource("a.band.yaml", "\ufeffversion: 1\r\nname: a\r\nrols: 1\r\nroles: { a: { prompt: b } }\r\n"),
    );
    assert.equal(found?.code, "orket/unknown-key");
    assert.deepEqual(found.range, { start: { line: 2, character: 0 }, end: { line: 2, character: 4 } });
  });
});

describe("a diagnostic as text", () => {
  it("counts lines and columns from 1", () => {
    const [found] = diagnose(
      parseSource("flows/a.flow.yaml", "version: 1\nname: a\nband: b\nvenue: v\nscore: s\napproval: maybe\n"),
    );
    assert.ok(found);
    assert.equal(
      formatDiagnostic(found),
      "flows/a.flow.yaml:6:11: error orket/invalid-value 'approval' must be one of none, before_step, after_step, both, not 'maybe'.",
    );
  });

  it("is one line without control characters, whatever the file holds", () => {
    const text =
      'version: 1\nname: a\nband: b\nvenue: v\nscore: s\n"x\\n\\e[31m\\u202e": 1\napproval: "a\\r\\nb"\n';
    for (const found of diagnose(parseSource("a\u001b\n.flow.yaml", text))) {
      assert.doesNotMatch(formatDiagnostic(found), /[\u0000-\u001f\u202e]/);
    }
  });

  it("never holds a key", () => {
    const secret = "hunter2hunter2";
    const texts = [
      `api_key: ${secret}`,
      `api_key: [${secret}]`,
      `api_key: { a: ${secret} }`,
      `api_key: secret:${secret}!`,
      `api_key: "${secret}`,
      `api_key: ${secret}: x`,
      `endpoint: https://a:${secret}@example.org`,
      `endpoint: https://example.org/?key=${secret}`,
    ];
    for (const text of texts) {
      const head = "version: 1\nname: a\nprovider: openai\nmodel: m\n";
      const found = diagnose(parseSource("a.venue.yaml", head + text));
      assert.notEqual(found.length, 0, text);
      assert.ok(!JSON.stringify(found).includes(secret), text);
    }
    const json = diagnose(parseSource("a.venue.json", `{"api_key": ${secret}}`));
    assert.ok(json.length > 0 && !JSON.stringify(json).includes(secret));
  });
});

describe("the documentation of diagnostics", () => {
  it("explains every code, and no other", () => {
    const text = fs.readFileSync(path.join(process.cwd(), "docs", "diagnostics.md"), "utf8");
    const explained = [...text.matchAll(/^### (orket\/\S+)$/gm)].map((match) => match[1]);
    assert.deepEqual([...explained].sort(), [...diagnosticCodes].sort());
  });
});

describe("hostile files", function () {
  // A bound on the work, not on the time of a busy machine.
  this.timeout(60_000);
  const head = "version: 1\nname: a\n";

  it("are refused above 1 MB without being read", () => {
    const source = parseSource("a.flow.yaml", "#".repeat(sourceLimits.bytes + 1));
    assert.deepEqual(
      source.problems.map(({ code }) => code),
      ["orket/file-too-large"],
    );
    assert.equal(source.document, undefined);
    assert.deepEqual(codes("a.flow.yaml", new Uint8Array(sourceLimits.bytes + 1)), ["orket/file-too-large"]);
    assert.deepEqual(codes("a.flow.yaml", "\u20ac".repeat(sourceLimits.bytes / 2)), ["orket/file-too-large"]);
  });

  it("may hold one prompt of nearly 1 MB", () => {
    const prompt = "    some words of a long prompt\n".repeat(30_000);
    assert.deepEqual(codes("a.band.yaml", `${head}roles:\n  a:\n   prompt: |\n${prompt}`), []);
  });

  it("have 20,000 keys looked through, with the problems that are listed bounded", () => {
    const keys = Array.from({ length: 20_000 }, (_, index) => `key${index}: ${index}\n`).join("");
    const found = diagnose(parseSource("a.band.yaml", head + keys));
    assert.equal(found.length, maxDiagnosticsPerFile + 1);
    assert.equal(found.filter(({ code }) => code === "orket/too-many-problems").length, 1);
  });

  it("have 20,000 repeated keys found", () => {
    const found = codes("a.band.yaml", head + "name: a\n".repeat(20_000));
    assert.equal(found.length, maxDiagnosticsPerFile + 1);
    assert.ok(found.filter((code) => code === "orket/duplicate-key").length >= maxDiagnosticsPerFile - 1);
    assert.equal(found.at(-1), "orket/too-many-problems");
  });

  it("cannot explode by aliases", () => {
    const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
    for (let index = 1; index < 30; index++) {
      lines.push(`a${index}: &a${index} [${Array.from({ length: 10 }, () => `*a${index - 1}`).join(", ")}]`);
    }
    const source = parseSource("a.venue.yaml", lines.join("\n"));
    assert.deepEqual(
      source.problems.map(({ code }) => code),
      ["orket/too-complex"],
    );
    assert.equal(source.value, undefined);
    assert.deepEqual(
      diagnose(source).map(({ code }) => code),
      ["orket/too-complex"],
    );
  });

  it("cannot explode by merge keys, and many aliases of one anchor are fine", () => {
    const many = `${head}provider: ollama\nmodel: m\nparams:\n  a: &a 1\n  b: [${"*a, ".repeat(20_000)}1]\n`;
    assert.deepEqual(codes("a.venue.yaml", many), []);
    const merged = "a: &a { x: 1 }\nb: { <<: *a }\n";
    assert.ok(codes("a.venue.yaml", merged).includes("orket/yaml-merge-key"));
  });

  it("are refused when they are nested too deeply, in brackets, lists or maps", () => {
    const depth = 5000;
    const texts = [
      `params: ${"[".repeat(depth)}${"]".repeat(depth)}`,
      "[".repeat(100_000),
      "{a: ".repeat(100_000),
      "- ".repeat(depth),
      "? ".repeat(depth),
      Array.from({ length: 900 }, (_, index) => `${" ".repeat(index)}a:\n`).join(""),
    ];
    for (const text of texts) {
      const found = codes("a.venue.yaml", text);
      assert.ok(found.includes("orket/too-complex"), `${text.slice(0, 10)} ${found.slice(0, 3).join()}`);
    }
  });

  it("are refused when they have too many parts", () => {
    for (const part of ["]", "a:\n", "- a\n", "[]", "&a ", "*a "]) {
      const text = part.repeat(Math.floor(sourceLimits.bytes / part.length));
      assert.deepEqual(codes("a.venue.yaml", text), ["orket/too-complex"], part);
    }
  });

  it("cannot reach the prototype of an object", () => {
    const source = parseSource("a.venue.yaml", `${head}__proto__: { polluted: true }\nconstructor: 1\n`);
    assert.deepEqual(
      diagnose(source).flatMap(({ code }) => (code === "orket/unknown-key" ? [code] : [])),
      ["orket/unknown-key", "orket/unknown-key"],
    );
    assert.equal((source.value as { polluted?: boolean }).polluted, undefined);
    assert.ok(codes("a.venue.yaml", `${head}provider: constructor\n`).includes("orket/invalid-value"));
    assert.ok(
      codes("a.band.yaml", `${head}roles: { toString: { prompt: x, tools: [constructor] } }`).includes(
        "orket/unknown-tool",
      ),
    );
  });

  it("may be any bytes", () => {
    let state = 12345;
    const random = (): number => (state = (state * 1103515245 + 12345) & 0x7fffffff) >> 8;
    const alphabet = "ab:-[]{}&*!|>'\"%@`#,? \n\t\\/<~0.\u00e9";
    for (let round = 0; round < 2000; round++) {
      const text = Array.from({ length: random() % 60 }, () => alphabet[random() % alphabet.length]).join("");
      for (const file of ["a.score.yaml", "a.band.json"]) diagnose(parseSource(file, text));
      diagnose(
        parseSource(
          "a.flow.yaml",
          Uint8Array.from({ length: 20 }, () => random() & 255),
        ),
      );
    }
  });
});

describe("files that are still being typed", function () {
  // A bound on the work, not on the time of a busy machine.
  this.timeout(60_000);
  const root = path.join(process.cwd(), "examples", "shapes", "flows");
  const files = fs
    .readdirSync(root)
    .filter((file) => fileKindOf(file) !== undefined)
    .map((file) => ({ path: file, text: fs.readFileSync(path.join(root, file), "utf8") }));

  for (const { path: file, text } of files) {
    it(`give diagnostics and no exception for every prefix of ${file}`, () => {
      const others = files
        .filter((other) => other.path !== file)
        .map((other) => parseSource(other.path, other.text));
      // Long texts within say little more with every letter.
      const stride = text.length > 2500 ? 7 : 1;
      for (let length = 0; length <= text.length; length += stride) {
        const source = parseSource(file, text.slice(0, length));
        assert.ok(source.problems.length <= 100);
        const project = createProject([...others, source]);
        const { definition, diagnostics } = resolveFlow(project, "shapes.flow.yaml", { forRun: false });
        assert.ok(diagnostics.length < 200);
        assert.equal(
          definition === undefined,
          diagnostics.some(({ severity }) => severity === "error"),
        );
      }
    });
  }
});
