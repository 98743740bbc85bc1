/*
 * The globs of `allow`: `*` and `?` within a name, `**` across folders, `{a,b}` for alternatives, `\\` before a
 * literal character. Names that start with a dot are not special.
 *
 * A glob is compiled to a small program whose threads advance through the path in parallel, each place of the program at
 * most once per character: the work is at most the glob's length times the path's, for any input. (A regular expression
 * that backtracks took 20 seconds for `**\/*-*-*-*.pem` and a name of 450 dashes.)
 */

type Step =
  /** This character. */
  | { readonly kind: "character"; readonly character: string }
  /** Any character but a slash. */
  | { readonly kind: "inName" }
  /** Any character. */
  | { readonly kind: "any" }
  /** Continues at each of these places. */
  | { readonly kind: "fork"; readonly to: number[] }
  | { readonly kind: "end" };

/** A compiled glob. */
export interface Glob {
  readonly steps: readonly Step[];
}

/** Compiles a glob; braces that are never closed are literal. */
class Compiler {
  readonly steps: Step[] = [];
  #at = 0;
  readonly #glob: string;

  constructor(glob: string) {
    this.#glob = glob;
  }

  compile(): Glob {
    this.#sequence(0);
    this.steps.push({ kind: "end" });
    return { steps: this.steps };
  }

  #fork(...to: number[]): number[] {
    this.steps.push({ kind: "fork", to });
    return to;
  }

  #sequence(depth: number): void {
    while (this.#at < this.#glob.length) {
      const character = this.#glob.charAt(this.#at);
      if (depth > 0 && (character === "," || character === "}")) break;
      this.#one(character, depth);
    }
  }

  #one(character: string, depth: number): void {
    const glob = this.#glob;
    if (character === "*") {
      this.#stars();
      return;
    }
    this.#at += 1;
    if (character === "?") this.steps.push({ kind: "inName" });
    else if (character === "\\" && this.#at < glob.length) this.#literal();
    else if (character === "{" && this.#closes()) this.#options(depth);
    else {
      this.#at -= 1;
      this.#literal();
    }
  }

  /** The whole character at the index, which may be two units long. */
  #literal(): void {
    const character = String.fromCodePoint(this.#glob.codePointAt(this.#at) ?? 0);
    this.#at += character.length;
    this.steps.push({ kind: "character", character });
  }

  #options(depth: number): void {
    const starts = this.#fork();
    const ends: number[][] = [];
    do {
      starts.push(this.steps.length);
      this.#sequence(depth + 1);
      ends.push(this.#fork());
      this.#at += 1;
    } while (this.#glob.charAt(this.#at - 1) === ",");
    for (const end of ends) end.push(this.steps.length);
  }

  #stars(): void {
    const start = this.#at;
    while (this.#glob.charAt(this.#at) === "*") this.#at += 1;
    const atStart = start === 0 || /[/{,]/.test(this.#glob.charAt(start - 1));
    if (this.#at - start < 2 || !atStart) {
      this.#repeat("inName");
      return;
    }
    if (this.#glob.charAt(this.#at) !== "/") {
      this.#repeat("any");
      return;
    }
    // Several in a row mean the same as one.
    do this.#at += 1;
    while (this.#glob.startsWith("**/", this.#at) && (this.#at += 2) > 0);
    this.#folders();
  }

  /** Any number of characters of the kind, including none. */
  #repeat(kind: "inName" | "any"): void {
    const at = this.steps.length;
    const to = this.#fork(at + 1);
    this.steps.push({ kind });
    this.#fork(at);
    to.push(this.steps.length);
  }

  /** Any number of names, each with its slash. */
  #folders(): void {
    const at = this.steps.length;
    const to = this.#fork(at + 1);
    this.steps.push({ kind: "inName" });
    this.#fork(at + 1, at + 3);
    this.steps.push({ kind: "character", character: "/" });
    this.#fork(at);
    to.push(this.steps.length);
  }

  /** Whether the brace before `at` is closed later. */
  #closes(): boolean {
    let depth = 1;
    for (let at = this.#at; at < this.#glob.length; at += 1) {
      const character = this.#glob.charAt(at);
      if (character === "\\") at += 1;
      else if (character === "{") depth += 1;
      else if (character === "}") depth -= 1;
      if (depth === 0) return true;
    }
    return false;
  }
}

/** A glob over paths with forward slashes; a folder's glob (`dir/`) matches everything below it. */
function compileGlob(glob: string): Glob {
  const trimmed = glob.normalize("NFC").replace(/^(?:\.?\/)+/u, "");
  return new Compiler(trimmed.endsWith("/") ? `${trimmed}**` : trimmed).compile();
}

/** Whether the glob matches the whole path, case-sensitive. Takes at most the glob's length times the path's steps. */
function matchesGlob({ steps }: Glob, path: string): boolean {
  /** The character index at which a place was last reached. */
  const reached = new Int32Array(steps.length).fill(-1);
  const enter = (place: number, turn: number, into: number[]): void => {
    const left = [place];
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      if (reached[next] === turn) continue;
      reached[next] = turn;
      const step = steps[next];
      if (step?.kind === "fork") left.push(...step.to);
      else into.push(next);
    }
  };
  let threads: number[] = [];
  enter(0, 0, threads);
  let turn = 0;
  for (const character of path) {
    turn += 1;
    const following: number[] = [];
    for (const place of threads) {
      const step = steps[place];
      const takes =
        step?.kind === "any" ||
        (step?.kind === "inName" && character !== "/") ||
        (step?.kind === "character" && step.character === character);
      if (takes) enter(place + 1, turn, following);
    }
    if (following.length === 0) return false;
    threads = following;
  }
  return threads.some((place) => steps[place]?.kind === "end");
}

const compiled = new Map<string, Glob>();

/** Whether one of the globs matches the path, case-sensitive. */
export function matchesAny(globs: readonly string[], path: string): boolean {
  return globs.some((glob) => {
    let program = compiled.get(glob);
    if (program === undefined) {
      program = compileGlob(glob);
      compiled.set(glob, program);
    }
    return matchesGlob(program, path);
  });
}
