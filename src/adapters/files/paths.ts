import path from "node:path";

/** Whether `file` is `root` or below it; both absolute. */
export function isWithin(root: string, file: string): boolean {
  const relative = path.relative(root, file);
  return relative !== ".." && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}

/** `file` relative to `root`, with forward slashes and in form NFC; `.` for `root` itself. */
export function relativePath(root: string, file: string): string {
  const relative = path.relative(root, file).split(path.sep).join("/").normalize("NFC");
  return relative === "" ? "." : relative;
}

/** The spellings under which a disk may hold a name: some systems store NFC, some NFD. */
export function spellings(relative: string): string[] {
  const decomposed = relative.normalize("NFD");
  return decomposed === relative ? [relative] : [relative, decomposed];
}
