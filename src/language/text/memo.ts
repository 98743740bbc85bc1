/** A function of one file, computed once for each version of it. A SourceDocument never changes, so it is the key. */
export function ofVersion<File extends object, Result>(work: (file: File) => Result): (file: File) => Result {
  const known = new WeakMap<File, { readonly result: Result }>();
  return (file) => {
    let found = known.get(file);
    if (found === undefined) known.set(file, (found = { result: work(file) }));
    return found.result;
  };
}

/**
 * The same for several files: computed again when one of them has another version. For each first file the newest answer
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

/**
 * The same for what consists of several files. `versions` lists what the answer
 * depends on, the file that it is kept with first; for each first file the newest answer is kept, as long as the file is.
 */
export function ofParts<Files, Result>(
  work: (files: Files) => Result,
  versions: (files: Files) => readonly [object, ...unknown[]],
): (files: Files) => Result {
  const newest = new WeakMap<object, { readonly all: readonly unknown[]; readonly result: Result }>();
  return (files) => {
    const all = versions(files);
    const known = newest.get(all[0]);
    if (known?.all.length === all.length && known.all.every((one, at) => one === all[at]))
      return known.result;
    const result = work(files);
    newest.set(all[0], { all, result });
    return result;
  };
}
