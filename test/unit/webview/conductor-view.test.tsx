import assert from "node:assert/strict";
import renderToString from "preact-render-to-string";
import type { SessionScreen } from "../../../src/protocol/conductor";
import type { ViewContext } from "../../../webview/conductor/context";
import { initialState, reduce } from "../../../webview/conductor/store";
import { View } from "../../../webview/conductor/view";
import { conductorFixtures, screen, session } from "../../panels/screens";
import type { ConductorFixture } from "../../panels/screens";

function contextOf({ screen: shown, streams = {}, drafts = {}, refusal }: ConductorFixture): ViewContext {
  const received = reduce(
    { ...initialState, drafts },
    { type: "message", message: { type: "screen", screen: shown, streams }, now: 0 },
  );
  const state = refusal === undefined ? received : { ...received, refusal };
  const nothing = (): void => undefined;
  return { state, ask: nothing, send: nothing, draft: nothing, dismiss: nothing };
}

const htmlOf = (fixture: ConductorFixture): string =>
  renderToString(<View context={contextOf(fixture)} now={0} />);

const named = (name: string): ConductorFixture => {
  const fixture = conductorFixtures[name];
  assert.ok(fixture !== undefined, `there is no state ${name}`);
  return fixture;
};

const ofSession = (changes: Partial<SessionScreen>): string => htmlOf({ screen: screen(session(changes)) });

/** Labels of the buttons, in their order. */
const buttonsIn = (html: string): string[] =>
  [...html.matchAll(/<orket-button[^>]*>(.*?)<\/orket-button>/g)].map(([, inside]) =>
    (inside ?? "").replace(/<[^>]*>/g, ""),
  );

/** The same without what can be done about each step. */
const answersIn = (html: string): string[] =>
  buttonsIn(html).filter((label) => !/^(?:Do \S+ again|Skip \S+)$/.test(label));

describe("the conductor view, without an editor", () => {
  for (const name of Object.keys(conductorFixtures)) {
    it(`draws the state ${name}`, () => {
      assert.ok(htmlOf(named(name)).length > 50);
    });
  }

  it("offers Approve, Edit prompt, Skip and Refuse for a step that is to begin", () => {
    const buttons = answersIn(htmlOf(named("question-before")));

    assert.deepEqual(buttons.slice(-4), ["Approve", "Edit prompt", "Skip", "Refuse"]);
  });

  it("offers Approve and Refuse for a call of a foreign tool, and says that nothing bounds it", () => {
    const html = htmlOf(named("question-foreign-tool"));

    assert.match(buttonsIn(html).join(", "), /Approve, Refuse/);
    assert.match(html, /Let build#1 call vscode:run_tests\?/);
    assert.match(html, /may do whatever vscode:run_tests can, in the project itself/);
  });

  it("offers Refuse first for a call that the model has read, and says where", () => {
    const html = htmlOf(named("question-quoted-call"));

    assert.match(buttonsIn(html).join(", "), /Approve, Refuse/);
    assert.match(html, /Let build#1 call write_file\?/);
    assert.match(html, /word for word in the result of read_file &quot;docs\/CONTRIBUTING\.md&quot;/);
  });

  it("shows what a command would start, fact by fact, and offers no prompt to edit", () => {
    const html = htmlOf(named("question-command"));

    assert.deepEqual(answersIn(html).slice(-3), ["Approve", "Skip", "Refuse"]);
    assert.match(html, /<h4>Command publish<\/h4>/);
    assert.match(html, /<dt>runs<\/dt><dd>scripts\/publish\.sh --title/);
    assert.match(html, /<dt>isolation<\/dt><dd>none/);
    assert.match(html, /<dt>effects<\/dt><dd>OUTSIDE/);
    assert.doesNotMatch(html, /Role command|Edit prompt|Open the prompt/);
  });

  it("offers the Venue as its file says now, and models that are there, before another try", () => {
    const html = htmlOf(named("failed-new-venue"));

    assert.match(
      buttonsIn(html).join(", "),
      /Go on with the new Venue, Use llama3\.1:8b, Use qwen3:8b, Retry, Edit prompt, Skip/,
    );
    assert.match(html, /The file of the Venue local has changed since the session began\./);
  });

  it("offers no Retry where every further try would fail in the same way", () => {
    const buttons = buttonsIn(htmlOf(named("failed-too-long")));

    assert.match(buttons.join(", "), /Edit prompt, Skip/);
    assert.ok(!buttons.includes("Retry"));
  });

  it("asks before a stop that loses something, says that it is final, and offers other ways", () => {
    const html = htmlOf(named("steer-stop"));

    assert.deepEqual(buttonsIn(html).slice(3, 7), ["Stop for good", "Fork …", "Run again …", "Keep it"]);
    assert.match(html, /does not go on\. What build#1 has under way is lost\. 2 steps are not performed\./);
    assert.ok(!htmlOf(named("running")).includes("Stop for good"));
  });

  it("lists adjustments that have had no effect, each to take back", () => {
    const html = htmlOf(named("steer-adjustments"));

    assert.equal(buttonsIn(html).filter((label) => label === "Take back").length, 2);
    assert.match(html, /Use model qwen3-coder:30b for reviewer, for one step\./);
  });

  it("shows the Score as the tree that it is, with what each group used, and what can be done about a step", () => {
    const html = htmlOf(named("steer-tree"));
    const order = [
      "rounds, up to 3 rounds",
      "Round 1 of 3",
      "build#1",
      "Round 2 of 3",
      "build#2",
      "Side by side",
      "Branch 1",
      "tour",
      "Branch 2",
    ];
    const places = order.map((text) => html.lastIndexOf(`>${text}`));

    assert.ok(
      places.every((at) => at > 0),
      String(places),
    );
    assert.deepEqual(
      [...places].sort((a, b) => a - b),
      places,
    );
    assert.match(html, /2 of 3 done · \$0\.02/);
    assert.deepEqual(
      buttonsIn(html).filter((label) => /^(?:Do|Skip) /.test(label)),
      ["Do plan again", "Do build#1 again", "Do review#1 again", "Skip tour", "Skip t1"],
    );
  });

  it("shows what a drift rule saw and would change, and offers to apply, edit or dismiss it", () => {
    const html = htmlOf(named("steer-suggestion"));

    assert.deepEqual(answersIn(html).slice(-3), ["Apply", "Edit", "Dismiss"]);
    for (const text of ["Drift in build#2: ignored verdict", "Shown by event 41, 58", "+review said"])
      assert.ok(html.includes(text), text);
    assert.deepEqual(answersIn(htmlOf(named("steer-suggestion-paused"))).slice(-2), ["Apply", "Dismiss"]);
    assert.deepEqual(answersIn(htmlOf(named("steer-suggestion-edited"))).slice(-2), ["Apply", "Cancel"]);
  });

  it("shows verdict, result and files of a step whose result waits", () => {
    const html = htmlOf(named("question-after"));

    for (const text of ["request_changes", "Square.area() returns the perimeter", "shapes/square.py"]) {
      assert.ok(html.includes(text), text);
    }
    assert.ok(buttonsIn(html).includes("Retry"));
  });

  it("shows the instruction filled in, and the report that the step goes on from, before the whole prompt", () => {
    const html = htmlOf(named("question-before"));
    const places = ["for Python 3.12", "Goes on from plan", "Prompt that will be sent"].map((text) =>
      html.indexOf(text),
    );

    assert.ok(places.every((place) => place > 0));
    assert.deepEqual(
      [...places].sort((a, b) => a - b),
      places,
    );
  });

  it("shows what changed in the files that a step wrote", () => {
    const html = htmlOf(named("question-after"));

    assert.ok(html.includes("+2 −1"));
    assert.ok(html.includes('<span class="removed">-        return 4 * self.side'));
  });

  it("shows a question of the Score with a control for each field and a button for each word", () => {
    const html = htmlOf(named("question-with-fields"));

    for (const text of [
      "scope asks",
      "How far is the team to go?",
      "orket-text-area",
      'role="switch"',
      "at most 5",
    ])
      assert.ok(html.includes(text), text);
    assert.ok(html.includes("orket-dropdown") && html.includes('value="shapes"'));
    assert.deepEqual(answersIn(html).slice(-2), ["go", "smaller"]);
    assert.ok(!html.includes("Still to fill in"));
  });

  it("says where an agent of the editor may answer too", () => {
    const says = /An agent of the editor may answer this too\./;

    assert.match(htmlOf(named("question-with-fields")), says);
    assert.doesNotMatch(htmlOf(named("question")), says);
  });

  it("takes no answer to a question while a field that must be given is empty", () => {
    const { drafts: _, ...untyped } = named("question-with-fields");
    const html = htmlOf(untyped);

    assert.ok(html.includes("Still to fill in: name."));
    assert.match(html, /<orket-button[^>]* disabled[^>]*>go</);
    assert.doesNotMatch(htmlOf(named("question-with-fields")), /<orket-button[^>]* disabled[^>]*>go</);
  });

  it("takes no answer to a question while the session is paused", () => {
    const { screen: shown } = named("question");
    const html = ofSession({ questions: shown.session?.questions ?? [], status: "paused" });

    assert.ok(html.includes("Resume the session to answer."));
    assert.ok(!buttonsIn(html).includes("smaller"));
  });

  it("says that files wait for a decision, which they are, and leads to them", () => {
    const html = htmlOf(named("question-accept"));

    assert.ok(html.includes("accepted or rejected 2 files") && html.includes("shapes/square.py"));
    assert.ok(buttonsIn(html).includes("Review files"));
  });

  it("names the choices for a loop that did not end", () => {
    assert.deepEqual(answersIn(htmlOf(named("question-exhausted"))).slice(-3), [
      "More rounds",
      "Go on as it is",
      "Fail",
    ]);
  });

  it("sends no refusal without a reason", () => {
    const draft = (text: string): string =>
      htmlOf({ ...named("question-after"), drafts: { "refuse a2": text } });

    assert.match(draft(" "), /<orket-button[^>]* disabled[^>]*>Refuse</);
    assert.doesNotMatch(draft("Square is wrong."), /<orket-button[^>]* disabled[^>]*>Refuse</);
  });

  it("shows text of a model as text, whatever it holds", () => {
    const html = ofSession({
      steps: [
        {
          key: "plan",
          role: "architect",
          status: "done",
          attempt: 1,
          tokens: {},
          summary: { text: '<img src=x onerror="alert(1)"><script>alert(2)</script>' },
        },
      ],
    });

    assert.ok(!/<img|<script/.test(html));
    assert.ok(html.includes("&lt;img"));
  });

  it("has no control for a session that another process performs", () => {
    const buttons = buttonsIn(htmlOf(named("watched-only")));

    assert.deepEqual(buttons, []);
  });

  it("keeps the text that is being edited in the field", () => {
    const html = htmlOf(named("question-edited"));

    assert.ok(html.includes("Write only square.py"));
    assert.ok(!buttonsIn(html).includes("Approve"));
  });
});
