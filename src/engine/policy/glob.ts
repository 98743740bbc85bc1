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

/** Compiles a glob; braces that are never closed are literal. */
class Compiler {
  readonly steps: Step[] = [];
  #at = 0;
  readonly #glob: string;

  constructor(glob: string) {
    this.#glob = glob;
  }

  compile(): readonly Step[] {
    this.#sequence(0);
    this.steps.push({ kind: "end" });
    return this.steps;
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

/** Steps of a program that are reached together, and what a character makes of them. */
interface Reached {
  readonly steps: readonly Step[];
  /** The places behind the steps. */
  readonly after: readonly number[];
  readonly isEnd: boolean;
  /** null: nothing is reached. */
  readonly next: Map<string, Reached | null>;
}

/** Transitions that a program remembers; then it begins anew, so that no path can fill the memory. */
const maxRemembered = 2000;

/** A compiled glob. It remembers where a character led, since a search tests each path of a project. */
class Program {
  readonly #steps: readonly Step[];
  readonly #reached = new Map<string, Reached>();
  #remembered = 0;

  constructor(steps: readonly Step[]) {
    this.#steps = steps;
  }

  /** Whether the whole path matches, case-sensitive. Takes at most the program's length times the path's steps. */
  matches(path: string): boolean {
    if (this.#remembered > maxRemembered) {
      this.#reached.clear();
      this.#remembered = 0;
    }
    let now = this.#at([0]);
    for (const character of path) {
      let next: Reached | null | undefined = now.next.get(character);
      if (next === undefined) {
        next = this.#step(now, character);
        now.next.set(character, next);
        this.#remembered += 1;
      }
      if (next === null) return false;
      now = next;
    }
    return now.isEnd;
  }

  #step({ steps, after }: Reached, character: string): Reached | null {
    const places = after.filter((_, index) => {
      const step = steps[index];
      return (
        step?.kind === "any" ||
        (step?.kind === "inName" && character !== "/") ||
        (step?.kind === "character" && step.character === character)
      );
    });
    return places.length === 0 ? null : this.#at(places);
  }

  /** What is reached from these places without a character. */
  #at(places: readonly number[]): Reached {
    const key = places.join();
    const known = this.#reached.get(key);
    if (known !== undefined) return known;
    const seen = new Set<number>();
    const open = [...places];
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      if (seen.has(place)) continue;
      seen.add(place);
      const step = this.#steps[place];
      if (step?.kind === "fork") open.push(...step.to);
    }
    const kept = [...seen].filter((place) => this.#steps[place]?.kind !== "fork").sort((a, b) => a - b);
    const steps = kept.flatMap((place) => this.#steps[place] ?? []);
    const reached: Reached = {
      steps,
      after: kept.map((place) => place + 1),
      isEnd: steps.some(({ kind }) => kind === "end"),
      next: new Map(),
    };
    this.#reached.set(key, reached);
    return reached;
  }
}

/** A glob over paths with forward slashes; a folder's glob (`dir/`) matches everything below it. */
function compileGlob(glob: string): Program {
  const trimmed = glob.normalize("NFC").replace(/^(?:\.?\/)+/u, "");
  return new Program(new Compiler(trimmed.endsWith("/") ? `${trimmed}**` : trimmed).compile());
}

const compiled = new Map<string, Program>();

/** Whether one of the globs matches the path, case-sensitive. */
export function matchesAny(globs: readonly string[], path: string): boolean {
  return globs.some((glob) => {
    let program = compiled.get(glob);
    if (program === undefined) {
      program = compileGlob(glob);
      compiled.set(glob, program);
    }
    return program.matches(path);
  });
}
