/*
 * The globs of `allow`: `*` and `?` within a name, `**` across folders, `{a,b}` for one of several, `\` before a
 * character that is meant as it is. Names that start with a dot are names like others.
 */

const special = /[\\^$.*+?()[\]{}|/]/;

function literal(character: string): string {
  return special.test(character) ? `\\${character}` : character;
}

/** The glob as the text of a regular expression; braces that are never closed stand for themselves. */
class Translator {
  #at = 0;
  readonly #glob: string;

  constructor(glob: string) {
    this.#glob = glob;
  }

  translate(): string {
    return this.#sequence(0);
  }

  #sequence(depth: number): string {
    let text = "";
    while (this.#at < this.#glob.length) {
      const character = this.#glob.charAt(this.#at);
      if (depth > 0 && (character === "," || character === "}")) break;
      text += this.#one(character, depth);
    }
    return text;
  }

  #one(character: string, depth: number): string {
    const glob = this.#glob;
    if (character === "*") return this.#stars();
    this.#at += 1;
    if (character === "?") return "[^/]";
    if (character === "\\" && this.#at < glob.length) {
      this.#at += 1;
      return literal(glob.charAt(this.#at - 1));
    }
    if (character !== "{" || !this.#closes()) return literal(character);
    const options: string[] = [];
    do {
      options.push(this.#sequence(depth + 1));
      this.#at += 1;
    } while (glob.charAt(this.#at - 1) === ",");
    return `(?:${options.join("|")})`;
  }

  #stars(): string {
    const start = this.#at;
    while (this.#glob.charAt(this.#at) === "*") this.#at += 1;
    const atStart = start === 0 || /[/{,]/.test(this.#glob.charAt(start - 1));
    if (this.#at - start < 2 || !atStart) return "[^/]*";
    if (this.#glob.charAt(this.#at) !== "/") return ".*";
    // Several in a row say no more than one, and would make the search take long.
    do this.#at += 1;
    while (this.#glob.startsWith("**/", this.#at) && (this.#at += 2) > 0);
    return "(?:[^/]+/)*";
  }

  /** Whether the brace before `at` is closed further on. */
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

/** A regular expression for a glob over paths with forward slashes; a folder's glob (`dir/`) means all below it. */
export function globToRegExp(glob: string): RegExp {
  const trimmed = glob.normalize("NFC").replace(/^(?:\.?\/)+/u, "");
  const whole = trimmed.endsWith("/") ? `${trimmed}**` : trimmed;
  return new RegExp(`^${new Translator(whole).translate()}$`, "su");
}

const compiled = new Map<string, RegExp>();

/** Whether one of the globs matches the path, case and all. */
export function matchesAny(globs: readonly string[], path: string): boolean {
  return globs.some((glob) => {
    let expression = compiled.get(glob);
    if (expression === undefined) {
      expression = globToRegExp(glob);
      compiled.set(glob, expression);
    }
    return expression.test(path);
  });
}
