import type { ComponentChildren, JSX } from "preact";
import { useRef } from "preact/hooks";
import type {
  ApprovalScreen,
  ArtifactScreen,
  FailureScreen,
  LimitName,
  LimitScreen,
} from "../../src/protocol/conductor";
import type { ConductorRequest } from "../../src/protocol/conductor-requests";
import { compactNumber, costText, durationText, plural } from "../ui/format";
import { Button, Disclosure, Icon, Link, TextArea, TextField } from "../ui/toolkit";
import { CommandFacts } from "./command-facts";
import type { SessionContext } from "./context";
import { DiffText, PlainText, PromptText } from "./parts";
import { isPending } from "./store";

interface ApprovalProps {
  readonly context: SessionContext;
  readonly approval: ApprovalScreen;
}

/** What an answer refers to: this question, as it was shown. */
function questionOf({ id, sha256 }: ApprovalScreen): string {
  return `${id} ${sha256}`;
}

/** The frame of everything that waits for the user; its heading can receive the focus. */
export function Card({
  about,
  label,
  tone,
  icon,
  heading,
  children,
}: {
  readonly about: string;
  readonly label: string;
  readonly tone: "ask" | "bad" | "note";
  readonly icon: string;
  readonly heading: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <section class={`card ${tone}`} aria-label={label} data-about={about}>
      <h3 tabIndex={-1}>
        <Icon name={icon} />
        <span>{heading}</span>
      </h3>
      {children}
    </section>
  );
}

/** A question: what is new in the prompt to be sent, or in a step's result. */
export function ApprovalCard({ context, approval }: ApprovalProps): JSX.Element {
  const { session, mayAct } = context;
  const { id, step, role, kind, command } = approval;
  const before = kind === "before_step";
  const resting = session.status !== "running" || session.interrupted;
  return (
    <Card
      about={id}
      label={`Approval: ${step}`}
      tone="ask"
      icon="bell-dot"
      heading={before ? `Begin ${step}?` : `Take the result of ${step}?`}
    >
      {command === undefined ? (
        <p class="hint">{`Role ${role}`}</p>
      ) : (
        <CommandFacts name={command.name} facts={command.facts} />
      )}
      {before ? <BeforeParts context={context} approval={approval} /> : <AfterParts {...approval} />}
      {mayAct && resting && <p class="hint">Resume the session to answer.</p>}
      {mayAct && !resting && <AnswerPart context={context} approval={approval} />}
    </Card>
  );
}

function BeforeParts({ context: { session, send }, approval }: ApprovalProps): JSX.Element {
  const { id, instruction, asked, answers, prompt, command } = approval;
  const text = command === undefined ? (asked?.text ?? instruction) : "";
  return (
    <>
      {text !== "" && <p class="instruction">{text}</p>}
      {answers !== undefined && answers.summary.text !== "" && (
        <Disclosure
          class="prompt"
          heading={
            <span class="grow">
              {`Goes on from ${answers.step}${answers.verdict === undefined ? "" : `: ${answers.verdict}`}`}
            </span>
          }
        >
          <PlainText text={answers.summary} label={`Report of ${answers.step}`} />
        </Disclosure>
      )}
      {command === undefined && (
        <>
          <PromptText parts={prompt} />
          <p>
            <Link onPress={() => send({ type: "open_prompt", session: session.session, id })}>
              Open the prompt in an editor
            </Link>
          </p>
        </>
      )}
    </>
  );
}

function AfterParts({ result }: ApprovalScreen): JSX.Element | null {
  if (result === undefined) return null;
  const { verdict, summary, artifacts } = result;
  return (
    <>
      {verdict !== undefined && (
        <p>
          Verdict: <strong>{verdict}</strong>
        </p>
      )}
      {summary.text !== "" && <PlainText text={summary} label="Result" />}
      {artifacts.length > 0 && (
        <ul class="files" aria-label="Files">
          {artifacts.map((file) => (
            <li key={file.path}>
              <FileChange {...file} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function FileChange({ path, deleted, diff }: ArtifactScreen): JSX.Element {
  const name = (
    <>
      <Icon name={deleted ? "diff-removed" : "diff-added"} />
      <span class="grow">{path}</span>
    </>
  );
  if (diff === undefined || diff.lines.length === 0) return <div class="file">{name}</div>;
  return (
    <Disclosure
      class="file-diff"
      heading={
        <span class="file">
          {name}
          <span class="hint">{`+${diff.added} −${diff.removed}`}</span>
        </span>
      }
    >
      <DiffText diff={diff} label={`Changes of ${path}`} />
    </Disclosure>
  );
}

/** The answers to a question, or the text field of an answer that needs a text. */
function AnswerPart({ context, approval }: ApprovalProps): JSX.Element {
  const { state, ask } = context;
  const { id, sha256, kind, instruction } = approval;
  const before = kind === "before_step";
  const answer = (given: Answer): void => ask({ type: "answer", id, sha256, answer: given }, id);
  if (state.drafts[id] !== undefined) {
    return (
      <InstructionEditor
        key="editor"
        context={context}
        of={id}
        original={instruction}
        save={before ? "Rebuild prompt" : "Run again"}
        onSubmit={(text) => answer({ decision: "edit", instruction: text })}
      />
    );
  }
  if (state.drafts[`feedback ${id}`] !== undefined) {
    return (
      <ReasonEditor
        key="feedback"
        context={context}
        of={`feedback ${id}`}
        label="What should be different?"
        hint="The next attempt reads it after its instruction."
        save="Retry with feedback"
        onSubmit={(comment) => answer({ decision: "retry", comment })}
      />
    );
  }
  if (state.drafts[`refuse ${id}`] !== undefined) {
    return (
      <ReasonEditor
        key="refuse"
        context={context}
        of={`refuse ${id}`}
        label="Why is it refused?"
        hint={
          before
            ? "The step is left out. The steps after it read the reason."
            : "The result does not count. The steps after it read the reason in its place; files stay as they are."
        }
        save="Refuse"
        onSubmit={(comment) => answer({ decision: "refuse", comment })}
      />
    );
  }
  return <Answers key="answers" context={context} approval={approval} onAnswer={answer} />;
}

type Answer = Extract<ConductorRequest, { type: "answer" }>["answer"];

function Answers({
  context: { draft, state },
  approval,
  onAnswer,
}: ApprovalProps & { readonly onAnswer: (given: Answer) => void }): JSX.Element {
  const { id, kind, instruction, command } = approval;
  const disabled = isPending(state, id);
  const about = questionOf(approval);
  const shared = { about, disabled };
  return (
    <div class="buttons">
      <Button icon="check" primary {...shared} onPress={() => onAnswer({ decision: "approve" })}>
        Approve
      </Button>
      {command === undefined && (
        <Button icon="edit" {...shared} onPress={() => draft(id, instruction)}>
          Edit prompt
        </Button>
      )}
      {kind === "before_step" ? (
        <Button icon="debug-step-over" {...shared} onPress={() => onAnswer({ decision: "skip" })}>
          Skip
        </Button>
      ) : (
        <>
          <Button icon="refresh" {...shared} onPress={() => onAnswer({ decision: "retry" })}>
            Retry
          </Button>
          <Button icon="comment" {...shared} onPress={() => draft(`feedback ${id}`, "")}>
            Retry with feedback
          </Button>
        </>
      )}
      <Button icon="circle-slash" {...shared} onPress={() => draft(`refuse ${id}`, "")}>
        Refuse
      </Button>
    </div>
  );
}

interface FieldProps {
  readonly context: SessionContext;
  /** The draft that holds the text. */
  readonly of: string;
  readonly original?: string;
  readonly label: string;
  readonly hint: string;
  readonly rows?: number;
  readonly save: string;
  readonly onSubmit: (text: string) => void;
}

/** A field with the actions for its text. Escape closes a field without changes; otherwise it only leaves the field. */
export function ReasonEditor({
  context: { state, draft },
  of,
  original = "",
  label,
  hint,
  rows = 3,
  save,
  onSubmit,
}: FieldProps): JSX.Element {
  const text = state.drafts[of] ?? original;
  const element = useRef<HTMLDivElement>(null);
  const leave = (): void => {
    if (text === original) draft(of, undefined);
    else element.current?.closest("section")?.querySelector("h3")?.focus();
  };
  return (
    <div class="editor" ref={element}>
      <TextArea
        label={label}
        value={text}
        rows={rows}
        onInput={(typed) => draft(of, typed)}
        onLeave={leave}
      />
      <p class="hint">{hint}</p>
      <div class="buttons">
        <Button
          primary
          about={of}
          disabled={text.trim() === "" || isPending(state, of.replace(/^\w+ /, ""))}
          onPress={() => onSubmit(text.trim())}
        >
          {save}
        </Button>
        <Button about={of} onPress={() => draft(of, undefined)}>
          Cancel
        </Button>
      </div>
    </div>
  );
}

function InstructionEditor(props: Omit<FieldProps, "label" | "hint" | "rows">): JSX.Element {
  return (
    <ReasonEditor
      {...props}
      label="Instruction for this step"
      rows={6}
      hint="The prompt is built again from it. Placeholders such as {{task}} work as in the Score; the file stays as it is."
    />
  );
}

/** A failed step: the reason, and what can be done. */
export function FailureCard({
  context,
  failure,
}: {
  readonly context: SessionContext;
  readonly failure: FailureScreen;
}): JSX.Element {
  const { mayAct, ask, draft, state } = context;
  const { step, instruction, message, hint, retry, needsChange = false, newVenue, models = [] } = failure;
  const disabled = isPending(state, step);
  const about = `failure of ${step}: ${message}`;
  const goOn = (how: { kind: "retry" } | { kind: "skip" }) => (): void =>
    ask({ type: "fix_step", step, how }, step);
  const editing = instruction !== undefined && state.drafts[step] !== undefined;
  return (
    <Card about={step} label={`Failed: ${step}`} tone="bad" icon="error" heading={`${step} failed`}>
      <p class="message-text">{message}</p>
      {hint !== undefined && <p class="hint">{hint}</p>}
      {newVenue !== undefined && (
        <p class="hint">{`The file of the Venue ${newVenue} has changed since the session began.`}</p>
      )}
      {mayAct && editing && (
        <InstructionEditor
          key="editor"
          context={context}
          of={step}
          original={instruction}
          save="Run again"
          onSubmit={(text) => ask({ type: "fix_step", step, how: { kind: "edit", instruction: text } }, step)}
        />
      )}
      {mayAct && !editing && (
        <div key="answers" class="buttons">
          {newVenue !== undefined && (
            <Button
              icon="server-process"
              primary
              about={`${about} ${newVenue}`}
              disabled={disabled}
              onPress={() => ask({ type: "change_venue", step, how: { kind: "file" } }, step)}
            >
              Go on with the new Venue
            </Button>
          )}
          {models.map((model) => (
            <Button
              key={model}
              icon="symbol-misc"
              about={`${about} ${model}`}
              disabled={disabled}
              onPress={() => ask({ type: "change_venue", step, how: { kind: "model", model } }, step)}
            >
              {`Use ${model}`}
            </Button>
          ))}
          {!needsChange && (
            <Button
              icon="refresh"
              primary={newVenue === undefined}
              about={`${about} ${retry ?? ""}`}
              disabled={disabled}
              {...(retry === undefined ? {} : { title: `The step ${retry}.` })}
              onPress={goOn({ kind: "retry" })}
            >
              Retry
            </Button>
          )}
          {instruction !== undefined && (
            <Button icon="edit" about={about} disabled={disabled} onPress={() => draft(step, instruction)}>
              Edit prompt
            </Button>
          )}
          <Button icon="debug-step-over" about={about} disabled={disabled} onPress={goOn({ kind: "skip" })}>
            Skip
          </Button>
        </div>
      )}
    </Card>
  );
}

interface LimitText {
  readonly name: string;
  readonly unit: string;
  readonly spent: (used: number, value: number) => string;
}

const limitTexts: Readonly<Record<LimitName, LimitText>> = {
  total_tokens: {
    name: "tokens",
    unit: "tokens",
    spent: (used, value) => `${compactNumber(used)} of ${compactNumber(value)} tokens are used`,
  },
  cost_usd: {
    name: "cost",
    unit: "US dollars",
    spent: (used, value) => `${costText(used)} of ${costText(value)} is spent`,
  },
  duration_seconds: {
    name: "working time",
    unit: "seconds",
    spent: (used, value) => `${durationText(used * 1000)} of ${durationText(value * 1000)} are used`,
  },
  model_calls: {
    name: "model calls",
    unit: "calls",
    spent: (used, value) => `${used} of ${plural(value, "call")} ${value === 1 ? "is" : "are"} used`,
  },
};

/** The session reached a limit: raise it to continue. */
export function LimitCard({
  context: { mayAct, ask, draft, state },
  limit: { limit, used, value: allowed, proposed },
}: {
  readonly context: SessionContext;
  readonly limit: LimitScreen;
}): JSX.Element {
  const { name, unit, spent } = limitTexts[limit];
  const of = `limit ${limit}`;
  const typed = state.drafts[of] ?? String(proposed);
  const value = Number(typed);
  const usable = Number.isFinite(value) && value > 0;
  return (
    <Card about="limit" label="Limit reached" tone="ask" icon="warning" heading={`Limit on ${name} reached`}>
      <p>{`${spent(used, allowed)}, and the next call could exceed it. Nothing was sent.`}</p>
      {mayAct && (
        <div class="editor">
          <TextField label={`New limit (${unit})`} value={typed} onInput={(raw) => draft(of, raw)} />
          <div class="buttons">
            <Button
              icon="debug-continue"
              primary
              about={`${of} ${used}`}
              disabled={!usable || isPending(state, of)}
              onPress={() => ask({ type: "raise_limit", limit, value }, of)}
            >
              Resume
            </Button>
          </div>
        </div>
      )}
    </Card>
  );
}

/** A request that the host refused, with its reason. */
export function RefusalCard({
  message,
  onDismiss,
}: {
  readonly message: string;
  readonly onDismiss: () => void;
}): JSX.Element {
  return (
    <section class="card bad" role="alert">
      <p>
        <Icon name="warning" />
        {` ${message}`}
      </p>
      <div class="buttons">
        <Button about={message} onPress={onDismiss}>
          Dismiss
        </Button>
      </div>
    </section>
  );
}
