import type { RoleScreen } from "../../src/protocol/conductor";
import { tokenText, tokenTitle } from "../ui/format";
import { toggle } from "../ui/toolkit";
import { h } from "../ui/vdom";
import type { VNode } from "../ui/vdom";
import type { SessionContext } from "./context";
import { isPending } from "./store";

type Usage = RoleScreen["tokens"];

/** Tokens of each role and of all, and a switch for each role. */
export function roleTable(context: SessionContext): VNode {
  const { session } = context;
  return h(
    "section",
    { key: "roles", attrs: { "aria-label": "Roles" } },
    h(
      "table",
      { class: "roles" },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("th", { class: "section", attrs: { scope: "col" } }, "Roles"),
          h("th", { class: "number", attrs: { scope: "col", title: "Tokens sent" } }, "In"),
          h("th", { class: "number", attrs: { scope: "col", title: "Tokens received" } }, "Out"),
        ),
      ),
      h(
        "tbody",
        {},
        session.roles.map((role) => roleRow(context, role)),
      ),
      h(
        "tfoot",
        {},
        h(
          "tr",
          {},
          h("th", { attrs: { scope: "row" } }, "All"),
          number(session.tokens.input),
          number(session.tokens.output),
        ),
      ),
    ),
    h("p", { class: "hint" }, "Tokens: ~ estimated, – unknown."),
  );
}

function roleRow({ session, state, ask, mayAct }: SessionContext, role: RoleScreen): VNode {
  const about = `role ${role.role}`;
  return h(
    "tr",
    { key: role.role, class: role.enabled ? "" : "off" },
    h(
      "th",
      { attrs: { scope: "row", title: role.description } },
      h(
        "span",
        { class: "role" },
        toggle(role.role, {
          on: role.enabled,
          disabled: !mayAct || session.status === "ended" || isPending(state, about),
          title: role.enabled
            ? `${role.role} takes part; its next steps can be switched off`
            : `Steps of ${role.role} are skipped`,
          onFlip: (enabled) => ask({ type: "set_role", role: role.role, enabled }, about),
        }),
        h("span", { class: "role-name" }, role.role),
      ),
    ),
    number(role.tokens.input),
    number(role.tokens.output),
  );
}

function number(count: Usage["input"]): VNode {
  return h("td", { class: "number", attrs: { title: tokenTitle(count) } }, tokenText(count));
}
