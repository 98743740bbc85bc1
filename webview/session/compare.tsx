import type { JSX } from "preact";
import type { CompareScreen } from "../../src/protocol/session-panel";
import { plural } from "../ui/format";
import { Button, Link } from "../ui/toolkit";

interface CompareProps {
  readonly screen: CompareScreen | undefined;
  readonly onPick: () => void;
  /** Opens a step of both sessions; without one, all. */
  readonly onOpen: (step?: string) => void;
}

/** This session beside another one, step by step. */
export function CompareView({ screen, onPick, onOpen }: CompareProps): JSX.Element {
  return (
    <>
      <div class="buttons">
        <Button icon="git-compare" harmless onPress={onPick}>
          {screen === undefined ? "Compare with a session" : "Compare with another session"}
        </Button>
        {screen !== undefined && (
          <Button icon="diff-multiple" harmless onPress={() => onOpen()}>
            Open all steps side by side
          </Button>
        )}
      </div>
      {screen === undefined ? (
        <p class="hint">A fork, a repetition or another run of the Flow, step by step beside this session.</p>
      ) : (
        <Steps screen={screen} onOpen={onOpen} />
      )}
    </>
  );
}

function Steps({
  screen,
  onOpen,
}: {
  readonly screen: CompareScreen;
  readonly onOpen: (step: string) => void;
}): JSX.Element {
  const { left, right, steps, more } = screen;
  const others = steps.filter(({ isSame }) => !isSame).length;
  return (
    <div class="table-frame" tabIndex={0} role="region" aria-label="Compared steps">
      <table class="usage compare">
        <caption>
          {others === 0
            ? `${plural(steps.length, "step")}, all the same`
            : `${others} of ${plural(steps.length, "step")} differ`}
        </caption>
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col">Difference</th>
            <th scope="col">{left}</th>
            <th scope="col">{right}</th>
          </tr>
        </thead>
        <tbody>
          {steps.map((step) => (
            <tr key={step.key} class={step.isSame ? "same" : "other"}>
              <th scope="row">
                <Link
                  title={`Open ${step.key} of both sessions side by side`}
                  onPress={() => onOpen(step.key)}
                >
                  {step.key}
                </Link>
              </th>
              <td>{step.differs}</td>
              <td>{step.left}</td>
              <td>{step.right}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {more > 0 && <p class="hint">{`${plural(more, "further step")}: open all steps side by side.`}</p>}
    </div>
  );
}
