import type { JSX } from "preact";
import type { RoleScreen } from "../../src/protocol/conductor";
import { tokenText, tokenTitle } from "../ui/format";
import { Toggle } from "../ui/toolkit";
import type { SessionContext } from "./context";
import { isPending } from "./store";

/** Tokens per role and in total, and a switch for each role. */
export function RoleTable(context: SessionContext): JSX.Element {
  const { session } = context;
  return (
    <section aria-label="Roles">
      <table class="roles">
        <thead>
          <tr>
            <th class="section" scope="col">
              Roles
            </th>
            <th class="number" scope="col" title="Tokens sent">
              In
            </th>
            <th class="number" scope="col" title="Tokens received">
              Out
            </th>
          </tr>
        </thead>
        <tbody>
          {session.roles.map((role) => (
            <RoleRow key={role.role} context={context} role={role} />
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">All</th>
            <TokenCell count={session.tokens.input} />
            <TokenCell count={session.tokens.output} />
          </tr>
        </tfoot>
      </table>
      <p class="hint">Tokens: ~ estimated, – unknown.</p>
    </section>
  );
}

function RoleRow({
  context: { session, state, ask, mayAct },
  role: { role, description, enabled, tokens },
}: {
  readonly context: SessionContext;
  readonly role: RoleScreen;
}): JSX.Element {
  const about = `role ${role}`;
  return (
    <tr class={enabled ? "" : "off"}>
      <th scope="row" title={description}>
        <span class="role">
          <Toggle
            label={role}
            on={enabled}
            disabled={!mayAct || session.status === "ended" || isPending(state, about)}
            title={
              enabled
                ? `${role} takes part; its next steps can be switched off`
                : `Steps of ${role} are skipped`
            }
            onFlip={(on) => ask({ type: "set_role", role, enabled: on }, about)}
          />
          <span class="role-name">{role}</span>
        </span>
      </th>
      <TokenCell count={tokens.input} />
      <TokenCell count={tokens.output} />
    </tr>
  );
}

function TokenCell({ count }: { readonly count: RoleScreen["tokens"]["input"] }): JSX.Element {
  return (
    <td class="number" title={tokenTitle(count)}>
      {tokenText(count)}
    </td>
  );
}
