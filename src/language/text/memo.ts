/** A function of one file, worked out once for each version of it. A SourceDocument never changes, so it is the key. */
export function ofVersion<File extends object, Result>(work: (file: File) => Result): (file: File) => Result {
  const known = new WeakMap<File, { readonly result: Result }>();
  return (file) => {
    let found = known.get(file);
    if (found === undefined) known.set(file, (found = { result: work(file) }));
    return found.result;
  };
}

/**
 * The same for several files: worked out again when one of them is another version. Of each first file the newest answer
 * is kept, as long as the file is.
 */
export function ofVersions<First extends object, Rest extends readonly unknown[], Result>(
  work: (first: First, ...rest: Rest) => Result,
): (first: First, ...rest: Rest) => Result {
  const newest = new WeakMap<First, { readonly rest: Rest; readonly result: Result }>();
  return (first, ...rest) => {
    const known = newest.get(first);
    if (known?.rest.length === rest.length && known.rest.every((one, at) => one === rest[at]))
      return known.result;
    const result = work(first, ...rest);
    newest.set(first, { rest, result });
    return result;
  };
}
