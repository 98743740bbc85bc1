import type { JSX } from "preact";
import type { ApprovalScreen } from "../../src/protocol/conductor";

/** The command that would be started: what the user agrees to, line by line. */
export function CommandFacts({ name, facts }: NonNullable<ApprovalScreen["command"]>): JSX.Element {
  return (
    <>
      <h4>{`Command ${name}`}</h4>
      <dl class="command-facts" aria-label={`Command ${name}`}>
        {facts.map(({ label, text }) => (
          <div key={label} class={label}>
            <dt>{label}</dt>
            <dd>
              {text.text}
              {text.cutFrom !== undefined && (
                <span class="hint">{` … the first part of ${text.cutFrom} characters`}</span>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}
