import type { JSX } from "preact";
import type { FieldScreen, QuestionScreen } from "../../src/protocol/conductor";
import { plural } from "../ui/format";
import { Button, Dropdown, TextArea, TextField, Toggle } from "../ui/toolkit";
import { Card } from "./cards";
import type { SessionContext } from "./context";
import { PlainText } from "./parts";
import { isPending } from "./store";

interface QuestionProps {
  readonly context: SessionContext;
  readonly question: QuestionScreen;
}

const headings: Readonly<Record<QuestionScreen["kind"], (question: QuestionScreen) => string>> = {
  ask: ({ step }) => `${step} asks`,
  accept: ({ step }) => `${step} waits for your decision`,
  exhausted: ({ step }) => `${step} has not ended`,
  happened: ({ step }) => `${step} was cut off`,
  foreign_tool: ({ step, tool = "a tool" }) => `Let ${step} call ${tool}?`,
  quoted_call: ({ step, tool = "a tool" }) => `Let ${step} call ${tool}?`,
};

/** The button labels for the words of the engine's own questions. */
const wordLabels: Readonly<Record<string, string>> = {
  more: "More rounds",
  go_on: "Go on as it is",
  fail: "Fail",
  happened: "It happened",
  did_not_happen: "It did not happen",
  approve: "Approve",
  refuse: "Refuse",
};

/** A call is answered like any approval, so its buttons look the same. */
const callLooks: Readonly<Record<string, { readonly icon: string; readonly primary?: boolean }>> = {
  approve: { icon: "check", primary: true },
  refuse: { icon: "circle-slash" },
};
/** What a model repeats from what it has read is refused unless there is a reason for it. */
const quotedLooks: typeof callLooks = {
  approve: { icon: "check" },
  refuse: { icon: "circle-slash", primary: true },
};
const looksOf: Readonly<Partial<Record<QuestionScreen["kind"], typeof callLooks>>> = {
  foreign_tool: callLooks,
  quoted_call: quotedLooks,
};

/** A question of the Score: its text, a control for each field, a button for each word. */
export function QuestionCard({ context, question }: QuestionProps): JSX.Element {
  const { session, mayAct, send } = context;
  const { id, kind, step, text, paths, agentMayAnswer } = question;
  const resting = session.status !== "running" || session.interrupted;
  return (
    <Card
      about={id}
      label={`Question: ${step}`}
      tone="ask"
      icon="bell-dot"
      heading={headings[kind](question)}
    >
      {paths === undefined ? (
        <PlainText text={text} label="Question" />
      ) : (
        <>
          <p>{`The session goes on when you have accepted or rejected ${plural(paths.length, "file")}:`}</p>
          <ul class="files" aria-label="Files">
            {paths.map((path) => (
              <li key={path} class="file">
                <span class="grow">{path}</span>
              </li>
            ))}
          </ul>
          {mayAct && (
            <div class="buttons">
              <Button
                icon="checklist"
                primary
                harmless
                onPress={() => send({ type: "open", what: "artifacts" })}
              >
                Review files
              </Button>
            </div>
          )}
        </>
      )}
      {agentMayAnswer === true && <p class="hint">An agent of the editor may answer this too.</p>}
      {mayAct && resting && (
        <p class="hint">
          {paths === undefined ? "Resume the session to answer." : "Resume the session after that."}
        </p>
      )}
      {mayAct && !resting && paths === undefined && <AnswerForm context={context} question={question} />}
    </Card>
  );
}

function draftOf({ id }: QuestionScreen, { name }: FieldScreen): string {
  return `field ${id} ${name}`;
}

/** The control's value: what was typed, otherwise the preset. */
function valueOf({ state }: SessionContext, question: QuestionScreen, field: FieldScreen): string {
  const first = field.control === "switch" && !field.optional ? "false" : "";
  return state.drafts[draftOf(question, field)] ?? field.preset ?? first;
}

function AnswerForm({ context, question }: QuestionProps): JSX.Element {
  const { ask, state } = context;
  const { id, sha256, words, fields, kind } = question;
  const values = fields.map((field) => [field.name, valueOf(context, question, field)] as const);
  const missing = fields.flatMap((field, at) =>
    !field.optional && (values[at]?.[1] ?? "").trim() === "" ? [field.name] : [],
  );
  const disabled = missing.length > 0 || isPending(state, id);
  const answer = (verdict: string | undefined): void =>
    ask(
      {
        type: "answer_question",
        id,
        sha256,
        ...(verdict === undefined ? {} : { verdict }),
        fields: Object.fromEntries(values),
      },
      id,
    );
  const about = `${id} ${sha256}`;
  const labelOf = (word: string): string => (kind === "ask" ? word : (wordLabels[word] ?? word));
  return (
    <div class="editor">
      {fields.map((field) => (
        <FieldControl key={field.name} context={context} question={question} field={field} />
      ))}
      {missing.length > 0 && <p class="hint">{`Still to fill in: ${missing.join(", ")}.`}</p>}
      <div class="buttons">
        {words.length === 0 ? (
          <Button icon="check" primary about={about} disabled={disabled} onPress={() => answer(undefined)}>
            Answer
          </Button>
        ) : (
          words.map((word) => (
            <Button
              key={word}
              {...looksOf[kind]?.[word]}
              about={about}
              disabled={disabled}
              onPress={() => answer(word)}
            >
              {labelOf(word)}
            </Button>
          ))
        )}
      </div>
    </div>
  );
}

function FieldControl({
  context,
  question,
  field,
}: QuestionProps & { readonly field: FieldScreen }): JSX.Element {
  const of = draftOf(question, field);
  const value = valueOf(context, question, field);
  const { name, description, hint } = field;
  const label = description === undefined ? name : `${name}: ${description}`;
  const type = (text: string): void => context.draft(of, text);
  return (
    <div class="field">
      <Control field={field} label={label} value={value} onInput={type} />
      {hint !== undefined && field.control !== "choice" && field.control !== "switch" && (
        <p class="hint">{hint}</p>
      )}
    </div>
  );
}

function Control({
  field: { control, choices = [], optional },
  label,
  value,
  onInput,
}: {
  readonly field: FieldScreen;
  readonly label: string;
  readonly value: string;
  readonly onInput: (text: string) => void;
}): JSX.Element {
  switch (control) {
    case "choice":
      return (
        <>
          <span aria-hidden="true">{label}</span>
          <Dropdown
            label={label}
            value={value}
            all={optional ? "No answer" : "Choose …"}
            choices={choices.map((choice) => ({ value: choice, label: choice }))}
            onChange={onInput}
          />
        </>
      );
    case "switch":
      return (
        <div class="file">
          <span class="grow" aria-hidden="true">
            {label}
          </span>
          <Toggle label={label} on={value === "true"} onFlip={(on) => onInput(String(on))} />
        </div>
      );
    case "lines":
      return <TextArea label={label} value={value} rows={3} asked={false} onInput={onInput} />;
    case "text":
    case "number":
      return <TextField label={label} value={value} onInput={onInput} />;
  }
}
