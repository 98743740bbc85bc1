import { render } from "preact";
import type {
  CompareScreen,
  PanelMessage,
  PanelView,
  StreamInfo,
  TimelineBar,
  TimelineScreen,
  UsageScreen,
} from "../../src/protocol/session-panel";
import type { PanelRequest } from "../../src/protocol/session-requests";
import { pageElement } from "../ui/page-element";
import { CompareView } from "./compare";
import { Timeline, wholeTime } from "./timeline";
import type { TimeWindow } from "./timeline";
import { UsageView } from "./usage";

/** Columns that the timeline is laid out in, at most: a bar is not narrower than one. */
const maxColumns = 240;
const columnPixels = 5;

export interface PagesHost {
  readonly send: (request: PanelRequest) => void;
  readonly onBar: (bar: TimelineBar) => void;
}

/** The views that sum the whole session: timeline, tokens and cost, comparison. They are requested when they are shown. */
export class Pages {
  #timeline: TimelineScreen | undefined;
  #usage: UsageScreen | undefined;
  #compare: CompareScreen | undefined;
  #window: TimeWindow = wholeTime;
  #at: string | undefined;
  #flow = "";
  /** How many events there were when each view was requested last. */
  readonly #asked = new Map<PanelView, number>();
  readonly #host: PagesHost;

  constructor(host: PagesHost) {
    this.#host = host;
  }

  /** Draws the view, and requests it where events have come since. */
  show(view: PanelView, { total, flow }: StreamInfo): void {
    this.#flow = flow;
    if ((view === "timeline" || view === "usage") && this.#asked.get(view) !== total) {
      this.#asked.set(view, total);
      this.#request(view);
    }
    this.#draw(view);
  }

  take(message: PanelMessage): void {
    if (message.type !== "timeline" && message.type !== "usage" && message.type !== "compare") return;
    if (message.type === "timeline") {
      const { from, to } = this.#window;
      // The answer to an earlier request.
      if (Math.abs(message.screen.from - from) > 1e-9 || Math.abs(message.screen.to - to) > 1e-5) return;
      this.#timeline = message.screen;
    }
    if (message.type === "usage") this.#usage = message.screen;
    if (message.type === "compare") this.#compare = message.screen;
    this.#draw(message.type);
    // Not all events were looked through yet.
    if (message.type !== "compare" && message.screen.scanned !== undefined) this.#request(message.type);
  }

  #request(view: "timeline" | "usage"): void {
    if (view === "usage") return this.#host.send({ type: "usage" });
    const columns = Math.floor(pageElement("timeline").clientWidth / columnPixels);
    const { from, to } = this.#window;
    this.#host.send({ type: "timeline", from, to, columns: Math.max(20, Math.min(maxColumns, columns)) });
  }

  #draw(view: PanelView): void {
    const element = pageElement(view);
    if (view === "timeline") {
      render(
        <Timeline
          screen={this.#timeline}
          flow={this.#flow}
          at={this.#at}
          onWindow={(window) => {
            this.#window = window;
            this.#request("timeline");
          }}
          onBar={(bar) => this.#host.onBar(bar)}
          onFocus={(id) => {
            if (id === this.#at) return;
            this.#at = id;
            this.#draw("timeline");
          }}
        />,
        element,
      );
    }
    if (view === "usage") render(<UsageView screen={this.#usage} />, element);
    if (view === "compare") {
      render(
        <CompareView
          screen={this.#compare}
          onPick={() => this.#host.send({ type: "compare" })}
          onOpen={(step) =>
            this.#host.send({ type: "compare_open", ...(step === undefined ? {} : { step }) })
          }
        />,
        element,
      );
    }
  }
}
