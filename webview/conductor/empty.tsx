import type { JSX } from "preact";
import type { ConductorScreen, FlowChoice } from "../../src/protocol/conductor";
import { Button, Icon } from "../ui/toolkit";
import type { ViewContext } from "./context";
import { VenueLine } from "./header";

interface EmptyProps {
  readonly context: ViewContext;
  readonly screen: ConductorScreen;
}

/** Shown while there is no session: the ways to start one. */
export function EmptyState(props: EmptyProps): JSX.Element {
  return (
    <div class="empty">
      <EmptyContent {...props} />
    </div>
  );
}

function EmptyContent({ context, screen }: EmptyProps): JSX.Element {
  const { send } = context;
  switch (screen.place) {
    case "no_folder":
      return (
        <>
          <p>Orket works on the folder that is open.</p>
          <OpenFolder send={send} />
        </>
      );
    case "untrusted":
      return (
        <>
          <p>
            This folder is not trusted, so nothing runs in it. Definition files can be edited and checked.
          </p>
          <Button primary onPress={() => send({ type: "open", what: "trust" })}>
            Manage Trust
          </Button>
        </>
      );
    case "virtual":
      return (
        <>
          <p>
            Orket runs in folders on a disk, and this one is virtual. Its definition files can be edited and
            checked, and prompts can be tried.
          </p>
          <OpenFolder send={send} />
        </>
      );
    case "ready":
      return screen.flows.length === 0 ? (
        <NoFlow send={send} />
      ) : (
        <FlowList context={context} screen={screen} />
      );
  }
}

function OpenFolder({ send }: Pick<ViewContext, "send">): JSX.Element {
  return (
    <Button primary onPress={() => send({ type: "open", what: "open_folder" })}>
      Open Folder
    </Button>
  );
}

function NoFlow({ send }: Pick<ViewContext, "send">): JSX.Element {
  return (
    <>
      <p>This folder has no Flow yet.</p>
      <p class="hint">
        A Flow names who works, on which models, in what order, and on which task. The sample needs no model.
      </p>
      <Button primary onPress={() => send({ type: "open", what: "new_flow" })}>
        New Flow
      </Button>
      <Button onPress={() => send({ type: "open", what: "write_sample" })}>Write Sample Project</Button>
      <Button onPress={() => send({ type: "open", what: "import" })}>Import</Button>
    </>
  );
}

function FlowList({ context, screen }: EmptyProps): JSX.Element {
  const { send } = context;
  return (
    <>
      <p>No session yet. Run a Flow to see its team at work here.</p>
      <ul class="flows" aria-label="Flows">
        {screen.flows.slice(0, 8).map((flow) => (
          <FlowItem key={`${flow.folder} ${flow.path}`} flow={flow} venue={screen.venue} send={send} />
        ))}
      </ul>
      {screen.flows.length > 8 && (
        <Button onPress={() => send({ type: "open", what: "pick_flow" })}>All Flows …</Button>
      )}
      <VenueLine {...context} />
    </>
  );
}

function FlowItem({
  flow,
  venue,
  send,
}: {
  readonly flow: FlowChoice;
  readonly venue: string | undefined;
  readonly send: ViewContext["send"];
}): JSX.Element {
  const problem =
    venue === undefined
      ? "It has problems; the Problems panel lists them."
      : `It cannot run on the Venue ${venue}.`;
  return (
    <li>
      <div class="flow-name">
        <Icon name="symbol-event" />
        <span>{flow.name}</span>
      </div>
      {flow.description !== undefined && <p class="hint">{flow.description}</p>}
      {flow.runnable ? (
        <Button
          icon="play"
          primary
          about={`${flow.folder} ${flow.path}`}
          onPress={() => send({ type: "run_flow", folder: flow.folder, path: flow.path })}
        >
          {`Run ${flow.name}`}
        </Button>
      ) : (
        <p class="hint bad-text">
          <Icon name="error" />
          {` ${problem}`}
        </p>
      )}
    </li>
  );
}
