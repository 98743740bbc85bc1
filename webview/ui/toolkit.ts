import {
  provideVSCodeDesignSystem,
  vsCodeBadge,
  vsCodeButton,
  vsCodeDropdown,
  vsCodeOption,
  vsCodeTextArea,
  vsCodeTextField,
} from "@vscode/webview-ui-toolkit";
import { h } from "./vdom";
import type { Child, Props, VNode } from "./vdom";

/*
 * The only file that knows the UI kit. @vscode/webview-ui-toolkit was archived by its authors in January 2025: it
 * works and gets no mends any more. Its elements are registered under a prefix of our own, so that another kit can
 * stand beside it, and everything else goes through the functions below: to change the kit is to change this file.
 */
const prefix = "orket";

/** Makes the kit's elements known to the document. */
export function registerToolkit(): void {
  provideVSCodeDesignSystem()
    .withPrefix(prefix)
    .register(
      vsCodeBadge(),
      vsCodeButton(),
      vsCodeDropdown(),
      vsCodeOption(),
      vsCodeTextArea(),
      vsCodeTextField(),
    );
}

export interface ButtonOptions {
  readonly onPress: () => void;
  readonly primary?: boolean;
  readonly disabled?: boolean;
  /** Name of a codicon in front of the label. */
  readonly icon?: string;
  readonly title?: string;
  /** Each of several quick clicks counts. */
  readonly repeats?: boolean;
}

/** A button; its label is its accessible name. A double click presses it once, unless it repeats. */
export function button(label: string, options: ButtonOptions): VNode {
  return h(
    `${prefix}-button`,
    {
      attrs: {
        appearance: options.primary === true ? "primary" : "secondary",
        disabled: options.disabled === true,
        title: options.title,
      },
      on: {
        click: (event) => {
          const again = options.repeats !== true && event instanceof MouseEvent && event.detail > 1;
          if (!again && options.disabled !== true) options.onPress();
        },
      },
    },
    options.icon !== undefined && icon(options.icon, { attrs: { slot: "start" } }),
    label,
  );
}

function valueOf(event: Event): string {
  const { target } = event;
  return target instanceof HTMLElement && "value" in target ? String(target.value) : "";
}

/** A field of several lines that begins with `value`; what is typed is told on every change. */
export function textArea(
  label: string,
  options: { readonly value: string; readonly rows: number; readonly onInput: (text: string) => void },
): VNode {
  return h(
    `${prefix}-text-area`,
    {
      class: "wide",
      attrs: { rows: options.rows, resize: "vertical" },
      initial: { value: options.value },
      on: { input: (event) => options.onInput(valueOf(event)) },
    },
    label,
  );
}

/** A field of one line that begins with `value`. */
export function textField(
  label: string,
  options: {
    readonly value: string;
    readonly placeholder?: string;
    readonly hiddenLabel?: boolean;
    readonly onInput: (text: string) => void;
  },
): VNode {
  return h(
    `${prefix}-text-field`,
    {
      class: "wide",
      attrs: {
        placeholder: options.placeholder,
        "aria-label": options.hiddenLabel === true ? label : undefined,
      },
      initial: { value: options.value },
      on: { input: (event) => options.onInput(valueOf(event)) },
    },
    options.hiddenLabel === true ? undefined : label,
  );
}

/** A choice of one; the empty value is the first entry. */
export function dropdown(
  label: string,
  options: {
    readonly value: string;
    readonly all: string;
    readonly choices: readonly string[];
    readonly onChange: (value: string) => void;
  },
): VNode {
  return h(
    `${prefix}-dropdown`,
    {
      class: "wide",
      attrs: { "aria-label": label },
      on: { change: (event) => options.onChange(valueOf(event)) },
      // Its value only holds once its options stand.
      mounted: (element) => Reflect.set(element, "value", options.value),
    },
    h(`${prefix}-option`, { key: "", attrs: { value: "" } }, options.all),
    options.choices.map((choice) =>
      h(`${prefix}-option`, { key: `=${choice}`, attrs: { value: choice } }, choice),
    ),
  );
}

/** A small number or word behind a heading. */
export function badge(text: string): VNode {
  return h(`${prefix}-badge`, {}, text);
}

/** A codicon, for the eye only. */
export function icon(name: string, props: Props = {}): VNode {
  return h("span", {
    ...props,
    class: `codicon codicon-${name}${props.class === undefined ? "" : ` ${props.class}`}`,
    attrs: { ...props.attrs, "aria-hidden": "true" },
  });
}

/** A switch that is named by its label and says its state to everyone. */
export function toggle(
  label: string,
  options: {
    readonly on: boolean;
    readonly disabled?: boolean;
    readonly title?: string;
    readonly onFlip: (on: boolean) => void;
  },
): VNode {
  return h(
    "button",
    {
      class: "switch",
      attrs: {
        type: "button",
        role: "switch",
        "aria-checked": options.on ? "true" : "false",
        "aria-label": label,
        disabled: options.disabled === true,
        title: options.title,
      },
      on: { click: () => options.onFlip(!options.on) },
    },
    h("span", { class: "switch-knob", attrs: { "aria-hidden": "true" } }),
  );
}

/** Text behind a heading that opens and closes; whether it is open belongs to the person. */
export function disclosure(
  heading: Child,
  options: { readonly key?: string; readonly open?: boolean; readonly class?: string },
  ...children: readonly Child[]
): VNode {
  return h(
    "details",
    {
      key: options.key,
      class: options.class,
      initial: { open: options.open === true },
    },
    h("summary", {}, heading),
    ...children,
  );
}
