/** A value that is made when it is first asked for. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** An object whose values are made when they are first asked for. */
export function onceEach<T extends object>(makers: { readonly [Key in keyof T]: () => T[Key] }): Readonly<T> {
  const values = {} as T;
  for (const key in makers) {
    Object.defineProperty(values, key, { enumerable: true, get: once(makers[key]) });
  }
  return values;
}
