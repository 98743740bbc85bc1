import type { ComponentChildren, HTMLAttributes, JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

/*
 * The components that everything is built from. Together with register.ts the only file that knows the UI kit,
 * @vscode/webview-ui-toolkit: to change the kit is to change these two. Here stand only names of elements, so that the
 * components render without a document too.
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
  readonly children: ComponentChildren;
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
export function Button({
  children,
  onPress,
  primary = false,
  disabled = false,
  icon,
  title,
  repeats = false,
}: ButtonProps): JSX.Element {
  return (
    <orket-button
      appearance={primary ? "primary" : "secondary"}
      disabled={disabled}
      title={title}
      onClick={(event) => {
        const again = !repeats && event.detail > 1;
        if (!again && !disabled) onPress();
      }}
    >
      {icon !== undefined && <Icon name={icon} slot="start" />}
      {children}
    </orket-button>
  );
}

function valueOf(event: Event): string {
  const { target } = event;
  return target instanceof HTMLElement && "value" in target ? String(target.value) : "";
}

/** A field of several lines; what is typed is told on every change. */
export function TextArea({
  label,
  value,
  rows,
  onInput,
}: {
  readonly label: string;
  readonly value: string;
  readonly rows: number;
  readonly onInput: (text: string) => void;
}): JSX.Element {
  return (
    <orket-text-area
      class="wide"
      rows={rows}
      resize="vertical"
      value={value}
      onInput={(event) => onInput(valueOf(event))}
    >
      {label}
    </orket-text-area>
  );
}

/** A field of one line. */
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

/** A choice of one; the empty value is the first entry. */
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
  readonly choices: readonly string[];
  readonly onChange: (value: string) => void;
}): JSX.Element {
  const element = useRef<HTMLElement>(null);
  // Its value only holds once its options stand.
  useLayoutEffect(() => {
    if (element.current !== null) Reflect.set(element.current, "value", value);
  }, [value, choices.length]);
  return (
    <orket-dropdown
      ref={element}
      class="wide"
      aria-label={label}
      onChange={(event) => onChange(valueOf(event))}
    >
      <orket-option key="" value="">
        {all}
      </orket-option>
      {choices.map((choice) => (
        <orket-option key={`=${choice}`} value={choice}>
          {choice}
        </orket-option>
      ))}
    </orket-dropdown>
  );
}

/** A codicon, for the eye only. */
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

/** A switch that is named by its label and says its state to everyone. */
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
  return (
    <button
      class="switch"
      type="button"
      role="switch"
      aria-checked={on}
      aria-label={label}
      disabled={disabled}
      title={title}
      onClick={() => onFlip(!on)}
    >
      <span class="switch-knob" aria-hidden="true" />
    </button>
  );
}

/** A word that leads somewhere, within a text. */
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

/** Text behind a heading that opens and closes; whether it is open belongs to the person. */
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
