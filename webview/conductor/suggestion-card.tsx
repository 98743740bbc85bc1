import type { JSX } from "preact";
import type { SuggestionScreen } from "../../src/protocol/conductor";
import { Button, Link } from "../ui/toolkit";
import { Card, ReasonEditor } from "./cards";
import type { SessionContext } from "./context";
import { DiffText } from "./parts";
import { isPending } from "./store";

/** A drift rule's suggestion: its finding, the change, and the possible decisions. Nothing happens automatically. */
export function SuggestionCard({
  context,
  suggestion,
}: {
  readonly context: SessionContext;
  readonly suggestion: SuggestionScreen;
}): JSX.Element {
  const { mayAct, send, state, ask } = context;
  const { id, rule, step, message, evidence, adjustment, text, diff } = suggestion;
  const of = `suggestion ${id}`;
  const apply = (edited?: string): void =>
    ask(
      {
        type: "resolve_suggestion",
        id,
        how: edited === undefined ? { kind: "apply" } : { kind: "apply", text: edited },
      },
      id,
    );
  const isEdited = text !== undefined && state.drafts[of] !== undefined;
  return (
    <Card
      about={id}
      label={`Suggestion: ${rule} in ${step}`}
      tone="note"
      icon="lightbulb"
      heading={`Drift in ${step}: ${rule}`}
    >
      <p class="message-text">{message}</p>
      <p class="hint">
        <Link onPress={() => send({ type: "open", what: "events" })}>
          {`Shown by event ${evidence.join(", ")}`}
        </Link>
      </p>
      {adjustment !== undefined && diff === undefined && <p>{adjustment}</p>}
      {diff !== undefined && (
        <>
          <p>{`The next run of ${step.replace(/#.*$/, "")} would be told:`}</p>
          <DiffText diff={diff} label={`Change of the instruction of ${step}`} />
        </>
      )}
      {mayAct && isEdited && (
        <ReasonEditor
          key="editor"
          context={context}
          of={of}
          original={text}
          label="What the step is told"
          hint="Placeholders such as {{task}} work as in the Score; the file stays as it is."
          rows={6}
          save="Apply"
          onSubmit={apply}
        />
      )}
      {mayAct && !isEdited && <Choices context={context} suggestion={suggestion} onApply={() => apply()} />}
    </Card>
  );
}

function Choices({
  context: { state, ask, draft },
  suggestion: { id, rule, adjustment, text },
  onApply,
}: {
  readonly context: SessionContext;
  readonly suggestion: SuggestionScreen;
  readonly onApply: () => void;
}): JSX.Element {
  const shared = { about: `${id} ${rule}`, disabled: isPending(state, id) };
  return (
    <div key="answers" class="buttons">
      {adjustment !== undefined && (
        <Button icon="check" primary {...shared} onPress={onApply}>
          Apply
        </Button>
      )}
      {text !== undefined && (
        <Button icon="edit" {...shared} onPress={() => draft(`suggestion ${id}`, text)}>
          Edit
        </Button>
      )}
      <Button
        icon="close"
        {...shared}
        onPress={() => ask({ type: "resolve_suggestion", id, how: { kind: "dismiss" } }, id)}
      >
        Dismiss
      </Button>
    </div>
  );
}
