import assert from "node:assert/strict";
import renderToString from "preact-render-to-string";
import { noFilter } from "../../../src/protocol/session-panel";
import { DetailsPane, Pager, Toolbar } from "../../../webview/session/parts";
import { sessionFixtures } from "../../panels/events";
import type { SessionFixture } from "../../panels/events";

const nothing = (): void => undefined;

const named = (name: string): SessionFixture => {
  const fixture = sessionFixtures[name];
  assert.ok(fixture !== undefined, `there is no state ${name}`);
  return fixture;
};

const toolbarOf = (name: string, silent = false): string =>
  renderToString(<Toolbar info={named(name).info} filter={noFilter} onFilter={nothing} silent={silent} />);

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

  it("has no pager for a list that fits on the screen", () => {
    const pager = (last: number): string =>
      renderToString(<Pager visible={{ first: 0, last }} count={9} onBack={nothing} onEnd={nothing} />);

    assert.equal(pager(8), "");
    assert.ok(pager(4).includes("1 – 5 of 9"));
  });

  it("shows an event's texts before its data, and says where one was cut", () => {
    const html = renderToString(<DetailsPane details={named("few").details(3)} selected onCopy={nothing} />);

    assert.ok(html.indexOf("Arguments") < html.indexOf("Data"));
    assert.ok(html.includes("of 120,000 characters"));
  });
});
