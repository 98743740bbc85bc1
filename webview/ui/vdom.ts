/*
 * The least that keeps focus, scroll places and half-typed text while data changes: a tree of plain nodes that is
 * compared with the one before and applied to the document. Text is only ever set as text; there is no way to markup.
 */

export type Listener = (event: Event) => void;

export interface Props {
  readonly class?: string | undefined;
  /** Equal keys are the same element; a changed key makes a new one. */
  readonly key?: string | undefined;
  readonly on?: Readonly<Record<string, Listener>> | undefined;
  /** DOM properties that are set when the element is made and belong to the person afterwards. */
  readonly initial?: Readonly<Record<string, unknown>> | undefined;
  /** Called once, when the element stands in the document. */
  readonly mounted?: ((element: HTMLElement) => void) | undefined;
  /** Called after each change of the element's children. */
  readonly updated?: ((element: HTMLElement) => void) | undefined;
  readonly attrs?: Readonly<Record<string, string | number | boolean | undefined>> | undefined;
}

export interface VNode {
  readonly tag: string;
  readonly props: Props;
  readonly children: readonly (VNode | string)[];
}

export type Child = VNode | string | false | undefined | readonly Child[];

export function h(tag: string, props: Props, ...children: readonly Child[]): VNode {
  return { tag, props, children: flatten(children) };
}

function flatten(children: readonly Child[]): (VNode | string)[] {
  return children.flatMap((child): (VNode | string)[] => {
    if (child === false || child === undefined || child === "") return [];
    return isList(child) ? flatten(child) : [child];
  });
}

function isList(child: VNode | string | readonly Child[]): child is readonly Child[] {
  return Array.isArray(child);
}

interface Mounted {
  vnode: VNode;
  listeners: Map<string, Listener>;
}

const mounted = new WeakMap<Node, Mounted>();

/** Makes the children of `root` what `children` say. */
export function render(root: HTMLElement, ...children: readonly Child[]): void {
  patchChildren(root, flatten(children));
}

function create(vnode: VNode): HTMLElement {
  const element = document.createElement(vnode.tag);
  mounted.set(element, { vnode: { ...vnode, props: {}, children: [] }, listeners: new Map() });
  for (const [name, value] of Object.entries(vnode.props.initial ?? {})) Reflect.set(element, name, value);
  apply(element, vnode);
  return element;
}

function apply(element: HTMLElement, vnode: VNode): void {
  const state = mounted.get(element);
  if (state === undefined) return;
  const before = state.vnode.props;
  const { class: className, on, attrs } = vnode.props;
  if (className !== before.class) element.className = className ?? "";
  const names = new Set([...Object.keys(before.attrs ?? {}), ...Object.keys(attrs ?? {})]);
  for (const name of names) setAttribute(element, name, attrs?.[name], before.attrs?.[name]);
  for (const name of Object.keys(on ?? {})) {
    if (state.listeners.has(name)) continue;
    element.addEventListener(name, (event) => mounted.get(element)?.listeners.get(name)?.(event));
  }
  state.listeners = new Map(Object.entries(on ?? {}));
  state.vnode = vnode;
  patchChildren(element, vnode.children);
  vnode.props.updated?.(element);
}

function setAttribute(
  element: HTMLElement,
  name: string,
  value: string | number | boolean | undefined,
  before: string | number | boolean | undefined,
): void {
  if (value === before) return;
  if (value === undefined || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : String(value));
}

function isSame(node: Node | undefined, vnode: VNode | string): boolean {
  if (node === undefined) return false;
  if (typeof vnode === "string") return node.nodeType === Node.TEXT_NODE;
  const state = mounted.get(node);
  return state?.vnode.tag === vnode.tag && state.vnode.props.key === vnode.props.key;
}

function patchChildren(parent: HTMLElement, children: readonly (VNode | string)[]): void {
  const wanted = new Set(children.map((child) => (typeof child === "string" ? undefined : child.props.key)));
  const byKey = new Map<string, Node>();
  for (const node of [...parent.childNodes]) {
    const key = mounted.get(node)?.vnode.props.key;
    if (key === undefined) continue;
    if (wanted.has(key)) byKey.set(key, node);
    else node.remove();
  }
  const added: { element: HTMLElement; vnode: VNode }[] = [];
  children.forEach((child, index) => {
    const here = parent.childNodes[index];
    const key = typeof child === "string" ? undefined : child.props.key;
    const keyed = key === undefined ? undefined : byKey.get(key);
    const reused = [keyed, here].find((node) => isSame(node, child));
    if (typeof child === "string") {
      if (reused === undefined) parent.insertBefore(document.createTextNode(child), here ?? null);
      else if (reused.nodeValue !== child) reused.nodeValue = child;
      return;
    }
    if (reused instanceof HTMLElement) {
      // Moving an element takes the focus from it, so it stays where it stands already.
      if (reused !== here) parent.insertBefore(reused, here ?? null);
      apply(reused, child);
      return;
    }
    const element = create(child);
    parent.insertBefore(element, here ?? null);
    added.push({ element, vnode: child });
  });
  while (parent.childNodes.length > children.length) parent.lastChild?.remove();
  for (const { element, vnode } of added) vnode.props.mounted?.(element);
}
