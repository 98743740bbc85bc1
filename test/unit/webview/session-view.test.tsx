import assert from "node:assert/strict";
import renderToString from "preact-render-to-string";
import { noFilter } from "../../../src/protocol/session-panel";
import type { ShownText } from "../../../src/protocol/session-panel";
import { Filters } from "../../../webview/session/filters";
import { Pager } from "../../../webview/session/pager";
import { DetailsPane, Header } from "../../../webview/session/parts";
import { Tabs, tabAfterKey } from "../../../webview/session/tabs";
import { Entries } from "../../../webview/session/transcript";
import { sessionFixtures } from "../../panels/events";
import type { SessionFixture } from "../../panels/events";

const nothing = (): void => undefined;

const named = (name: string): SessionFixture => {
  const fixture = sessionFixtures[name];
  assert.ok(fixture !== undefined, `there is no state ${name}`);
  return fixture;
};

const toolbarOf = (name: string, silent = false): string =>
  renderToString(
    <>
      <Header info={named(name).info} silent={silent} />
      <Tabs view="events" onView={nothing} />
      <Filters
        info={named(name).info}
        filter={noFilter}
        steps={undefined}
        onFilter={nothing}
        onSteps={nothing}
      />
    </>,
  );

const entriesOf = (name: string, texts: ReadonlyMap<string, ShownText | undefined> = new Map()): string =>
  renderToString(
    <Entries
      entries={named(name).entries}
      texts={texts}
      count={named(name).info.matching}
      onFold={nothing}
      onOpen={nothing}
      onCopy={nothing}
      onDiff={nothing}
      onEvent={nothing}
    />,
  );

describe("the session panel, without an editor", () => {
  for (const name of Object.keys(sessionFixtures)) {
    it(`draws the state ${name}`, () => {
      assert.ok(toolbarOf(name).includes("shapes"));
    });
  }

  it("says how far a filter has looked", () => {
    assert.ok(toolbarOf("searching").includes("1,200 of 1,000,000 events, 31 % looked through"));
  });

  it("says that the extension is silent", () => {
    assert.ok(toolbarOf("few", true).includes("Orket does not answer"));
  });

  const pagerOf = (last: number, live: boolean, following = false): string =>
    renderToString(
      <Pager
        visible={{ first: 0, last }}
        count={9}
        live={live}
        following={following}
        onBack={nothing}
        onEnd={nothing}
        onFollow={nothing}
      />,
    );

  it("has no pager for a list that fits on the screen and does not grow", () => {
    assert.equal(pagerOf(8, false), "");
    assert.ok(pagerOf(4, false).includes("1 – 5 of 9"));
    assert.ok(!pagerOf(4, false).includes("Follow"));
  });

  it("says whether it follows a running session, and how much came since", () => {
    assert.match(pagerOf(8, true, true), /aria-pressed="true".*follows, last event 9/);
    assert.match(pagerOf(4, true, false), /aria-pressed="false".*not following, 4 below/);
  });

  it("leads from tab to tab by keys", () => {
    assert.equal(tabAfterKey("ArrowRight", "transcript"), "events");
    assert.equal(tabAfterKey("ArrowLeft", "transcript"), tabAfterKey("End", "transcript"));
    assert.equal(tabAfterKey("Enter", "transcript"), undefined);
  });

  it("reads like a conversation: what is asked, who answers, tools with their results folded", () => {
    const html = entriesOf("few");

    const order = ["Write PLAN.md.", "Begin plan?", "Answer: approve", ">architect<", "read_file", "Result"];
    const places = order.map((text) => html.indexOf(text));
    assert.deepEqual(
      places,
      [...places].sort((a, b) => a - b),
    );
    assert.ok(places.every((place) => place >= 0));
    assert.ok(!html.includes("Areas of shapes."), "a result is shown although it is folded");
  });

  it("shows a fold's text once it has come", () => {
    const call = named("few").entries.find(({ head }) => head === "read_file");
    const result = call?.parts.find(({ id }) => id === "result");
    assert.ok(result !== undefined);
    const key = `${result.seq} result`;

    assert.ok(entriesOf("few", new Map([[key, undefined]])).includes("Loading …"));
    assert.ok(entriesOf("few", new Map([[key, { text: "Areas of shapes." }]])).includes("Areas of shapes."));
  });

  it("shows an event's texts before its data, and says where one was cut", () => {
    const html = renderToString(
      <DetailsPane details={named("few").details(3)} selected onCopy={nothing} onOpen={nothing} />,
    );

    assert.ok(html.indexOf("Arguments") < html.indexOf("Data"));
    assert.ok(html.includes("of 120,000 characters"));
  });
});
