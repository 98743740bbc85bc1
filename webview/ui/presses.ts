import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { RefObject } from "preact";
import { PressGuard } from "../../src/protocol/press-guard";

/*
 * Connects the guard of src/protocol/press-guard.ts to the page: what each control means, where it is, and when a
 * press began. A control counts as moved when the page was rendered again and the control is elsewhere, not when
 * the user scrolled or opened something.
 */

/** Minimum movement of a control that counts, in pixels. */
const movedPx = 3;

interface Started {
  readonly meaning: string | undefined;
  readonly at: number;
}

class Presses {
  readonly guard = new PressGuard();
  readonly #elements = new Map<HTMLElement, string>();
  readonly #places = new Map<HTMLElement, { readonly x: number; readonly y: number }>();
  #started: Started | undefined;
  readonly #changed = new Set<() => void>();

  /** Starts listening to the page; call once. */
  watch(page: Document): void {
    const start = (event: Event): void => {
      this.#started = { meaning: this.#meaningOf(event), at: event.timeStamp };
    };
    page.addEventListener("pointerdown", start, true);
    page.addEventListener(
      "keydown",
      (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        if (!event.repeat) start(event);
        else if (this.#meaningOf(event) !== undefined) {
          event.preventDefault();
          event.stopPropagation();
        }
      },
      true,
    );
    for (const name of ["scroll", "toggle", "resize"]) {
      page.defaultView?.addEventListener(name, () => this.#remember(), true);
    }
    page.addEventListener("visibilitychange", () => {
      if (page.visibilityState !== "visible") return;
      this.guard.movedAll(performance.now());
      this.#tell();
    });
  }

  add(element: HTMLElement, meaning: string): () => void {
    this.#elements.set(element, meaning);
    this.guard.shown(meaning, performance.now());
    return () => {
      this.#elements.delete(element);
      this.#places.delete(element);
      if (![...this.#elements.values()].includes(meaning)) this.guard.hidden(meaning);
    };
  }

  /** The page was rendered: controls that have moved must wait again. */
  settle(): void {
    let moved = false;
    for (const [element, meaning] of this.#elements) {
      const before = this.#places.get(element);
      const { x, y } = element.getBoundingClientRect();
      if (before !== undefined && Math.max(Math.abs(before.x - x), Math.abs(before.y - y)) > movedPx) {
        this.guard.moved(meaning, performance.now());
        moved = true;
      }
      this.#places.set(element, { x, y });
    }
    if (moved) this.#tell();
  }

  /** Whether the click, which ends a press, counts. */
  takes(meaning: string, click?: Event): boolean {
    const now = performance.now();
    const started = click?.isTrusted === true ? this.#started : undefined;
    this.#started = undefined;
    // A screen reader presses without a pointer or a key.
    const began = started ?? { meaning, at: now };
    const taken = this.guard.press(meaning, began.meaning === meaning ? began.at : -Infinity, now);
    this.#tell();
    return taken;
  }

  onChange(listener: () => void): () => void {
    this.#changed.add(listener);
    return () => this.#changed.delete(listener);
  }

  #meaningOf(event: Event): string | undefined {
    for (const target of event.composedPath()) {
      const meaning = target instanceof HTMLElement ? this.#elements.get(target) : undefined;
      if (meaning !== undefined) return meaning;
    }
    return undefined;
  }

  #remember(): void {
    for (const element of this.#elements.keys()) {
      const { x, y } = element.getBoundingClientRect();
      this.#places.set(element, { x, y });
    }
  }

  #tell(): void {
    for (const listener of this.#changed) listener();
  }
}

export const presses = new Presses();

/** Guards a control with this meaning. @returns the ref for its element, and whether a press of it counts yet. */
export function useGuard(meaning: string | undefined): {
  readonly element: RefObject<HTMLElement | null>;
  readonly armed: boolean;
} {
  const element = useRef<HTMLElement>(null);
  const [armed, setArmed] = useState(meaning === undefined);
  useLayoutEffect(() => {
    if (meaning === undefined || element.current === null) return undefined;
    return presses.add(element.current, meaning);
  }, [meaning]);
  useEffect(() => {
    if (meaning === undefined) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = (): void => {
      clearTimeout(timer);
      const waitMs = (presses.guard.armedAt(meaning) ?? Infinity) - performance.now();
      setArmed(waitMs <= 0);
      if (waitMs > 0 && waitMs < Infinity) timer = setTimeout(look, Math.ceil(waitMs));
    };
    look();
    const stop = presses.onChange(look);
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [meaning]);
  return { element, armed };
}
