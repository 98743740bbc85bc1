import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { parse } from "parse5";
import type { DefaultTreeAdapterMap } from "parse5";
import { diffBody } from "../../../src/app/session/export";
import { exportHtml } from "../../../src/app/export/html";
import { definitionOf, harness, step } from "../../fakes/engine-harness";
import type { FakeReply } from "../../fakes/engine-harness";
import { exportSourceOf, joined } from "../../fakes/export-source";
import { generateSession } from "../../fakes/generated-session";

type Node = DefaultTreeAdapterMap["node"];
type Element = DefaultTreeAdapterMap["element"];

/** Everything that the page is made of; anything else came from contents. */
const elements = new Set(
  (
    "html head meta title style body main header footer h1 h2 h3 p dl dt dd br code pre span div details summary " +
    "table thead tbody tr th td"
  ).split(" "),
);
const classes = new Set(
  "facts quiet good bad warn mark name about body turn mono number time diff plus minus hunk same".split(" "),
);

interface Page {
  readonly all: readonly Element[];
  readonly text: string;
}

/** The page as a browser's parser sees it; fails on any error of markup. */
function parsed(page: string): Page {
  const errors: string[] = [];
  const document = parse(page, {
    sourceCodeLocationInfo: true,
    onParseError: ({ code, startLine }) => errors.push(`${code} at line ${startLine}`),
  });
  assert.deepEqual(errors, []);
  const all: Element[] = [];
  let text = "";
  const walk = (node: Node): void => {
    if ("tagName" in node) all.push(node);
    if (node.nodeName === "#comment") assert.fail("a comment in the page");
    if ("value" in node) text += node.value;
    if ("childNodes" in node) node.childNodes.forEach(walk);
  };
  walk(document);
  return { all, text };
}

function assertHarmless({ all }: Page, hint = ""): void {
  for (const { tagName, attrs } of all) {
    assert.ok(elements.has(tagName), `${hint} <${tagName}> in the page`);
    for (const { name, value } of attrs) {
      if (tagName === "meta" || (tagName === "html" && name === "lang")) continue;
      assert.equal(name, "class", `${hint} ${tagName} has ${name}`);
      for (const word of value.split(" ")) assert.ok(classes.has(word), `${hint} class ${word}`);
    }
  }
  for (const once of ["head", "body", "style", "title", "main"]) {
    assert.equal(all.filter(({ tagName }) => tagName === once).length, 1, `${hint} ${once}`);
  }
}

const hostile = [
  "<script>alert(1)</script>",
  "</pre></div></details></main></body></html><img src=x onerror=alert(2)>",
  '"><svg onload=alert(3)>',
  "' autofocus onfocus='alert(4)",
  "</style><style>@import 'http://evil.example/x.css'</style>",
  "</title><script src=data:text/javascript,alert(5)></script>",
  '<a href="javascript:alert(6)">x</a><iframe srcdoc="<script>alert(7)</script>">',
  "<!-- --><![CDATA[ ]]><?php ?>",
  "&lt;script&gt; &amp; &#60;script&#62;",
  "\u202eevil\u202c \u2066iso\u2069 \u200f\u0000\u0007\u001b[31mred \ud800 \ufeff\u200b\r\n\rX",
  "<meta http-equiv=refresh content='0;url=http://evil.example/'><base href=//evil.example>",
];
const all = hostile.join("\n");

async function hostilePage(): Promise<string> {
  const definition = definitionOf(
    [
      step("make", "writer", { produces: ["a.md"], instruction: all }),
      step("look", "reviewer", { note: all }),
    ],
    { task: all },
  );
  definition.band.roles.writer = {
    ...definition.band.roles.writer,
    prompt: all,
    tools: ["write_file"],
    description: all,
  };
  definition.venue.model = '"><script>model</script>';
  const replies: FakeReply[] = [
    {
      text: all,
      calls: [
        ["write_file", { path: "a.md", content: all }],
        ["<script>tool</script>", { path: all }],
      ],
    },
    all,
    all,
  ];
  const session = harness(definition, (_, call) => replies[call - 1] ?? all);
  await session.run();
  return joined(
    exportHtml(exportSourceOf(session, definition), {
      proven: [all],
      title: all,
      problem: all,
      diff: diffBody,
    }),
  );
}

describe("a session as a page", () => {
  it("shows hostile contents as text: no element, attribute or comment comes from them", async () => {
    const page = await hostilePage();
    assertHarmless(parsed(page));
  });

  it("shows every character of a content that can be seen, and names those that cannot", async () => {
    const { text } = parsed(await hostilePage());
    for (const line of hostile.slice(0, 9)) assert.ok(text.includes(line), line);
    assert.ok(text.includes("U+202EevilU+202C"));
    for (const hidden of ["\u202e", "\u2066", "\u200f", "\u0007", "\u001b", "\ufeff"]) {
      assert.ok(!text.includes(hidden), `U+${hidden.charCodeAt(0).toString(16)}`);
    }
  });

  it("allows itself its own style and nothing else, and the style's digest is right", async () => {
    const { all: found } = parsed(await hostilePage());
    const metas = found.filter(({ tagName }) => tagName === "meta");
    const policy = metas
      .find(({ attrs }) => attrs.some(({ value }) => value === "Content-Security-Policy"))
      ?.attrs.find(({ name }) => name === "content")?.value;
    const style = found.find(({ tagName }) => tagName === "style");
    const [css] = style?.childNodes ?? [];
    assert.ok(css !== undefined && "value" in css);
    const hash = createHash("sha256").update(css.value).digest("base64");
    assert.equal(
      policy,
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`,
    );
    assert.ok(!/url\(|@import|https?:/.test(css.value));
  });

  it("shows the task, each step, each reply and each file with its difference", async () => {
    const definition = definitionOf([step("make", "writer", { produces: ["a.txt"] })], { task: "Mend it." });
    const replies: FakeReply[] = [
      { calls: [["write_file", { path: "a.txt", content: "one\nthree\n" }]] },
      "It is mended.",
    ];
    const session = harness(definition, (_, call) => replies[call - 1] ?? "", {
      project: { "a.txt": "one\ntwo\n" },
    });
    await session.run();
    const source = exportSourceOf(session, definition);
    const { text } = parsed(
      await joined(exportHtml(source, { proven: ["recorded: whole"], diff: diffBody })),
    );
    for (const part of [
      "Mend it.",
      "make",
      "You write.",
      "It is mended.",
      "a.txt",
      "-two",
      "+three",
      "recorded: whole",
    ]) {
      assert.ok(text.includes(part), part);
    }
    assert.match(text, /about \d+ in, about \d+ out/, "an estimate is called one");
  });

  it("says where a content is missing, and shows the rest", async () => {
    const definition = definitionOf([step("make", "writer")]);
    const session = harness(definition, () => `start ${"x".repeat(3000)}`);
    await session.run();
    session.store.blobs.clear();
    const source = exportSourceOf(session, definition);
    const { text } = parsed(await joined(exportHtml(source, { proven: [], diff: diffBody })));
    assert.match(text, /is missing from the session/);
    assert.ok(text.includes("completed"));
  });

  it("tells what each step came to where the session is too long for a page, and how to see the rest", async () => {
    const definition = definitionOf([step("make", "writer"), step("look", "reviewer")]);
    const replies: FakeReply[] = [
      { calls: [["read_file", { path: "a.txt" }]] },
      "It is made.",
      "It is fine.",
    ];
    const session = harness(definition, (_, call) => replies[call - 1] ?? "", {
      project: { "a.txt": "hidden" },
    });
    await session.run();
    const source = exportSourceOf(session, definition);
    const options = { proven: [], diff: diffBody };
    const whole = parsed(await joined(exportHtml(source, options))).text;
    const short = parsed(
      await joined(exportHtml(source, { ...options, maxEventsInFull: source.events.count - 1 })),
    ).text;
    for (const part of ["make", "look", "It is made.", "It is fine.", "completed"])
      assert.ok(short.includes(part));
    assert.ok(whole.includes("hidden") && whole.includes("Timeline"));
    assert.ok(!short.includes("hidden") && !short.includes("Timeline"));
    assert.match(short, /more than a page can hold/);
    assert.match(short, /orket show \S+ --step STEP/);
  });

  it("is whole and harmless for sessions of every shape", async () => {
    for (let seed = 1; seed <= 60; seed += 1) {
      const { session, definition } = await generateSession(seed);
      const page = await joined(
        exportHtml(exportSourceOf(session, definition), { proven: [], diff: diffBody }),
      );
      assertHarmless(parsed(page), `seed ${seed}:`);
    }
  }).timeout(60_000);
});
