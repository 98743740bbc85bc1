import type { JSX } from "preact";
import type { ApprovalScreen, FailureScreen, LimitName, LimitScreen } from "../../src/protocol/conductor";
import { compactNumber, costText, durationText, plural } from "../ui/format";
import { Button, Icon, TextArea, TextField } from "../ui/toolkit";
import type { SessionContext } from "./context";
import { PlainText, PromptText } from "./parts";
import { isPending } from "./store";

interface ApprovalProps {
  readonly context: SessionContext;
  readonly approval: ApprovalScreen;
}

/** What an answer is about: this question, as it was shown. */
export function questionOf({ id, sha256 }: ApprovalScreen): string {
  return `${id} ${sha256}`;
}

/** A question: what will be sent, or what came of a step. */
export function ApprovalCard({ context, approval }: ApprovalProps): JSX.Element {
  const { session, mayAct, state } = context;
  const { id, step, role, kind } = approval;
  const before = kind === "before_step";
  const resting = session.status !== "running" || session.interrupted;
  return (
    <section class="card ask" aria-label={`Approval: ${step}`}>
      <h3>
        <Icon name="bell-dot" />
        <span>{before ? `Begin ${step}?` : `Take the result of ${step}?`}</span>
      </h3>
      <p class="hint">{`Role ${role}`}</p>
      {before ? <BeforeParts {...approval} /> : <AfterParts {...approval} />}
      {mayAct && resting && <p class="hint">Resume the session to answer.</p>}
      {mayAct && !resting && state.drafts[id] === undefined && (
        <Answers key="answers" context={context} approval={approval} />
      )}
      {mayAct && !resting && state.drafts[id] !== undefined && (
        <ApprovalEditor key="editor" context={context} approval={approval} />
      )}
    </section>
  );
}

function BeforeParts({ instruction, prompt }: ApprovalScreen): JSX.Element {
  return (
    <>
      {instruction !== "" && <p class="instruction">{instruction}</p>}
      <PromptText parts={prompt} />
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
          {artifacts.map(({ path, deleted }) => (
            <li key={path}>
              <Icon name={deleted ? "diff-removed" : "diff-added"} />
              <span>{path}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Answers({ context: { ask, draft, state }, approval }: ApprovalProps): JSX.Element {
  const { id, sha256, kind, instruction } = approval;
  const disabled = isPending(state, id);
  const about = questionOf(approval);
  const answer = (decision: "approve" | "skip" | "retry") => (): void =>
    ask({ type: "answer", id, sha256, answer: { decision } }, id);
  return (
    <div class="buttons">
      <Button icon="check" primary about={about} disabled={disabled} onPress={answer("approve")}>
        Approve
      </Button>
      <Button icon="edit" about={about} disabled={disabled} onPress={() => draft(id, instruction)}>
        Edit prompt
      </Button>
      {kind === "before_step" ? (
        <Button icon="debug-step-over" about={about} disabled={disabled} onPress={answer("skip")}>
          Skip
        </Button>
      ) : (
        <Button icon="refresh" about={about} disabled={disabled} onPress={answer("retry")}>
          Retry
        </Button>
      )}
    </div>
  );
}

interface EditorProps {
  readonly context: SessionContext;
  readonly of: string;
  readonly original: string;
  readonly save: string;
  readonly onSubmit: (instruction: string) => void;
}

function InstructionEditor({
  context: { state, draft },
  of,
  original,
  save,
  onSubmit,
}: EditorProps): JSX.Element {
  const text = state.drafts[of] ?? original;
  return (
    <div class="editor">
      <TextArea
        label="Instruction for this step"
        value={text}
        rows={6}
        onInput={(typed) => draft(of, typed)}
      />
      <p class="hint">
        {
          "The prompt is built again from it. Placeholders such as {{task}} work as in the Score; the file stays as it is."
        }
      </p>
      <div class="buttons">
        <Button
          primary
          about={of}
          disabled={text.trim() === "" || isPending(state, of)}
          onPress={() => onSubmit(text)}
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

function ApprovalEditor({
  context,
  approval: { id, sha256, instruction, kind },
}: ApprovalProps): JSX.Element {
  return (
    <InstructionEditor
      context={context}
      of={id}
      original={instruction}
      save={kind === "before_step" ? "Rebuild prompt" : "Run again"}
      onSubmit={(text) =>
        context.ask({ type: "answer", id, sha256, answer: { decision: "edit", instruction: text } }, id)
      }
    />
  );
}

/** A step that failed: why, and the ways out. */
export function FailureCard({
  context,
  failure,
}: {
  readonly context: SessionContext;
  readonly failure: FailureScreen;
}): JSX.Element {
  const { mayAct, ask, draft, state } = context;
  const { step, instruction, message, mend } = failure;
  const disabled = isPending(state, step);
  const about = `failure of ${step}: ${message}`;
  const goOn = (how: { kind: "retry" } | { kind: "skip" }) => (): void =>
    ask({ type: "mend_step", step, how }, step);
  const editing = instruction !== undefined && state.drafts[step] !== undefined;
  return (
    <section class="card bad" aria-label={`Failed: ${step}`}>
      <h3>
        <Icon name="error" />
        <span>{`${step} failed`}</span>
      </h3>
      <p class="message-text">{message}</p>
      {mend !== undefined && <p class="hint">{mend}</p>}
      {mayAct && editing && (
        <InstructionEditor
          key="editor"
          context={context}
          of={step}
          original={instruction}
          save="Run again"
          onSubmit={(text) =>
            ask({ type: "mend_step", step, how: { kind: "edit", instruction: text } }, step)
          }
        />
      )}
      {mayAct && !editing && (
        <div key="answers" class="buttons">
          <Button icon="refresh" primary about={about} disabled={disabled} onPress={goOn({ kind: "retry" })}>
            Retry
          </Button>
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
    </section>
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

/** The session used up a limit: raise it and go on. */
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
    <section class="card ask" aria-label="Limit reached">
      <h3>
        <Icon name="warning" />
        <span>{`Limit on ${name} reached`}</span>
      </h3>
      <p>{`${spent(used, allowed)}, and the next call could go beyond. Nothing was sent.`}</p>
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
    </section>
  );
}

/** Something that the host refused, with its reason. */
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
