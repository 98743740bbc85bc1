import type { ComponentChildren, HTMLAttributes, JSX, RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { presses, useGuard } from "./presses";

/*
 * The components that everything is built from. Only this file and register.ts know the UI kit,
 * @vscode/webview-ui-toolkit: replacing the kit means changing these two. This file uses only names of elements, so that
 * the components also render without a document.
 */

interface KitAttributes extends HTMLAttributes<HTMLElement> {
  readonly appearance?: "primary" | "secondary";
  readonly disabled?: boolean;
  readonly value?: string;
  readonly rows?: number;
  readonly resize?: "vertical";
  readonly placeholder?: string | undefined;
}

declare module "preact" {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- how JSX learns of a custom element
  namespace JSX {
    interface IntrinsicElements {
      "orket-badge": KitAttributes;
      "orket-button": KitAttributes;
      "orket-dropdown": KitAttributes;
      "orket-option": KitAttributes;
      "orket-text-area": KitAttributes;
      "orket-text-field": KitAttributes;
    }
  }
}

export interface ButtonProps {
  /** The label, which is also the accessible name where no other is given. */
  readonly children: string;
  /** The accessible name, and the tooltip, of a button that stands in every row: the label, and what it is about. */
  readonly name?: string;
  readonly onPress: () => void;
  /** What the press is about: the same label about something else is another control, and waits until it is readable. */
  readonly about?: string;
  readonly primary?: boolean;
  readonly disabled?: boolean;
  /** Invisible, but the controls before it keep their places. */
  readonly hidden?: boolean;
  /** Name of a codicon in front of the label. */
  readonly icon?: string;
  readonly title?: string;
  /** The press decides nothing: each one counts immediately. */
  readonly harmless?: boolean;
}

/** A button. Unless it is harmless, a press counts only after the label could have been read. */
export function Button({
  children,
  onPress,
  about = "",
  primary = false,
  disabled = false,
  hidden = false,
  icon,
  name,
  title = name,
  harmless = false,
}: ButtonProps): JSX.Element {
  const meaning = harmless || disabled || hidden ? undefined : meaningOf(children, about);
  const { element, armed } = useGuard(meaning);
  return (
    <orket-button
      ref={element}
      class={hidden ? "unseen" : undefined}
      appearance={primary ? "primary" : "secondary"}
      disabled={disabled || hidden}
      aria-disabled={meaning === undefined || armed ? undefined : "true"}
      aria-label={name}
      title={title}
      onClick={(event) => {
        if (disabled || hidden) return;
        if (meaning === undefined || presses.takes(meaning, event)) onPress();
      }}
    >
      {icon !== undefined && <Icon name={icon} slot="start" />}
      {children}
    </orket-button>
  );
}

/** The meaning of a press of the control with this label. */
function meaningOf(label: string, about: string): string {
  return `${label} ${about}`;
}

function valueOf(event: Event): string {
  const { target } = event;
  return target instanceof HTMLElement && "value" in target ? String(target.value) : "";
}

/** A multi-line field. One that the user opened takes the focus. Reports the text on every change. */
export function TextArea({
  label,
  value,
  rows,
  asked = true,
  onInput,
  onLeave,
}: {
  readonly label: string;
  readonly value: string;
  readonly rows: number;
  readonly asked?: boolean;
  readonly onInput: (text: string) => void;
  /** Escape was pressed. */
  readonly onLeave?: () => void;
}): JSX.Element {
  const element = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    // After a reload the focus stays where it is; take it only if the page already has it.
    if (asked && document.hasFocus()) element.current?.focus();
  }, []);
  return (
    <orket-text-area
      ref={element}
      class="wide"
      onKeyDown={(event) => {
        if (event.key === "Escape") onLeave?.();
      }}
      rows={rows}
      resize="vertical"
      value={value}
      onInput={(event) => onInput(valueOf(event))}
    >
      {label}
    </orket-text-area>
  );
}

/** A single-line field. */
export function TextField({
  label,
  value,
  placeholder,
  hiddenLabel = false,
  onInput,
}: {
  readonly label: string;
  readonly value: string;
  readonly placeholder?: string;
  readonly hiddenLabel?: boolean;
  readonly onInput: (text: string) => void;
}): JSX.Element {
  return (
    <orket-text-field
      class="wide"
      value={value}
      placeholder={placeholder}
      aria-label={hiddenLabel ? label : undefined}
      onInput={(event) => onInput(valueOf(event))}
    >
      {hiddenLabel ? undefined : label}
    </orket-text-field>
  );
}

/** A choice of one value; the empty value is the first entry. */
export function Dropdown({
  label,
  value,
  all,
  choices,
  onChange,
}: {
  readonly label: string;
  readonly value: string;
  readonly all: string;
  readonly choices: readonly { readonly value: string; readonly label: string }[];
  readonly onChange: (value: string) => void;
}): JSX.Element {
  const element = useRef<HTMLElement>(null);
  // Its value is valid only once its options exist.
  useLayoutEffect(() => {
    if (element.current !== null) Reflect.set(element.current, "value", value);
  }, [value, choices.length]);
  // A long one is cut where the window is narrow.
  const shown = choices.find((choice) => choice.value === value)?.label ?? all;
  return (
    <orket-dropdown
      ref={element}
      class="wide"
      title={shown}
      aria-label={label}
      onChange={(event) => onChange(valueOf(event))}
    >
      <orket-option key="" value="">
        {all}
      </orket-option>
      {choices.map((choice) => (
        <orket-option key={`=${choice.value}`} value={choice.value}>
          {choice.label}
        </orket-option>
      ))}
    </orket-dropdown>
  );
}

/** A codicon, decorative only. */
export function Icon({
  name,
  class: classes,
  slot,
}: {
  readonly name: string;
  readonly class?: string;
  readonly slot?: string;
}): JSX.Element {
  return (
    <span
      class={`codicon codicon-${name}${classes === undefined || classes === "" ? "" : ` ${classes}`}`}
      slot={slot}
      aria-hidden="true"
    />
  );
}

/** A switch that is named by its label and exposes its state to assistive technology. */
export function Toggle({
  label,
  on,
  disabled = false,
  title,
  onFlip,
}: {
  readonly label: string;
  readonly on: boolean;
  readonly disabled?: boolean;
  readonly title?: string;
  readonly onFlip: (on: boolean) => void;
}): JSX.Element {
  const meaning = disabled ? undefined : meaningOf(on ? "Switch off" : "Switch on", label);
  const { element, armed } = useGuard(meaning);
  return (
    <button
      ref={element as RefObject<HTMLButtonElement>}
      class="switch"
      type="button"
      role="switch"
      aria-checked={on}
      aria-label={label}
      aria-disabled={meaning === undefined || armed ? undefined : "true"}
      disabled={disabled}
      title={title}
      onClick={(event) => {
        if (meaning !== undefined && presses.takes(meaning, event)) onFlip(!on);
      }}
    >
      <span class="switch-knob" aria-hidden="true" />
    </button>
  );
}

/** A word in a text that acts as a link. */
export function Link({
  children,
  title,
  onPress,
}: {
  readonly children: ComponentChildren;
  readonly title?: string;
  readonly onPress: () => void;
}): JSX.Element {
  return (
    <button class="link" type="button" title={title} onClick={onPress}>
      {children}
    </button>
  );
}

/** Text below a heading that opens and closes; the user controls whether it is open. */
export function Disclosure({
  heading,
  open = false,
  class: classes,
  children,
}: {
  readonly heading: ComponentChildren;
  readonly open?: boolean;
  readonly class?: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <details class={classes} open={open}>
      <summary>{heading}</summary>
      {children}
    </details>
  );
}
