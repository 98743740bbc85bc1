import assert from "node:assert/strict";
import renderToString from "preact-render-to-string";
import { noFilter } from "../../../src/protocol/session-panel";
import type { ShownText } from "../../../src/protocol/session-panel";
import { CompareView } from "../../../webview/session/compare";
import { moved, Timeline, zoomed } from "../../../webview/session/timeline";
import { countedText, UsageView } from "../../../webview/session/usage";
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
        onLook={nothing}
      />
    </>,
  );

const entriesOf = (name: string, texts: ReadonlyMap<string, ShownText | undefined> = new Map()): string =>
  renderToString(
    <Entries
      entries={named(name).entries}
      texts={texts}
      streams={named(name).streams ?? {}}
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
    assert.ok(toolbarOf("searching").includes("Stop looking"));
    assert.ok(toolbarOf("stopped-searching").includes("0 of 1,000,000 events, stopped after 31 %"));
    assert.ok(toolbarOf("stopped-searching").includes("Look further"));
  });

  it("shows a reply where it is arriving, and only while it arrives", () => {
    const [open, others] = [entriesOf("streaming"), entriesOf("few")];

    assert.match(open, /in progress.*The review is right: the square has no area\./s);
    assert.equal(open.match(/The review is right/g)?.length, 1);
    assert.ok(!others.includes("The review is right"));
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
    assert.match(pagerOf(8, true, true), /aria-pressed="true".*follows the newest/);
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

  it("names each bar of the timeline for those who cannot see it", () => {
    const html = renderToString(
      <Timeline
        screen={named("timeline").timeline}
        flow="shapes"
        at={undefined}
        onWindow={nothing}
        onBar={nothing}
        onFocus={nothing}
      />,
    );

    assert.match(html, /aria-label="build#1, step, \d+ s, at \d\d:\d\d:\d\d"/);
    assert.match(html, /aria-label="check#1, command, \d+ s, at [\d:]+, failed"/);
    // One item of the tree is reached by Tab, the others by the arrow keys.
    assert.equal(html.match(/tabindex="0"/g)?.length, 1);
  });

  it("zooms inside the session's time", () => {
    assert.deepEqual(zoomed({ from: 0, to: 1 }, 0.5), { from: 0.25, to: 0.75 });
    assert.deepEqual(zoomed({ from: 0.25, to: 0.75 }, 4), { from: 0, to: 1 });
    assert.deepEqual(moved({ from: 0.5, to: 0.75 }, 2), { from: 0.75, to: 1 });
    assert.deepEqual(moved({ from: 0.5, to: 0.75 }, -4), { from: 0, to: 0.25 });
  });

  it("puts a number beside each bar of what was used, and never a zero for what is unknown", () => {
    const html = renderToString(<UsageView screen={named("usage").usage} />);

    assert.match(
      html,
      /reviewer<\/th>.*?<td>unknown<\/td><td>–<\/td><td>~40 estimated<\/td><td>unknown<\/td>/,
    );
    assert.ok(html.includes("1,983,500"), "what is left of the tokens is missing");
    assert.equal(
      countedText({ measured: 1200, estimated: 30, unknownCalls: 2 }, 5),
      "1,200 + ~30 estimated + 2 calls unknown",
    );
    assert.equal(countedText({ measured: 0, estimated: 0, unknownCalls: 0 }, 0), "0");
  });

  it("compares step by step, and offers each to open", () => {
    const html = renderToString(
      <CompareView screen={named("compare").compare} onPick={nothing} onOpen={nothing} />,
    );

    assert.ok(html.includes("2 of 3 steps differ"));
    assert.ok(html.includes("Open build#1 of both sessions side by side"));
  });

  it("shows an event's texts before its data, and says where one was cut", () => {
    const html = renderToString(
      <DetailsPane details={named("few").details(3)} selected onCopy={nothing} onOpen={nothing} />,
    );

    assert.ok(html.indexOf("Arguments") < html.indexOf("Data"));
    assert.ok(html.includes("of 120,000 characters"));
  });
});
