const classes = new Set("dDsSwWbBAz");
const repetition = /^\{\d+(?:,\d*)?\}/u;
const bracket = /^\[\^?\]?(?:\[:\^?[a-z]+:\]|\\.|[^\]\\])*\]/su;

/**
 * The longest text that every line matched by a regular expression (RE2) contains; undefined where it is not obvious. Reads
 * the plain forms only: alternatives, flags and rare escapes are left alone.
 */
export function requiredText(pattern: string): string | undefined {
  const runs: string[] = [];
  let run: string[] = [];
  let depth = 0;
  const end = (): void => {
    runs.push(run.join(""));
    run = [];
  };
  for (let rest = pattern; rest !== "";) {
    const character = String.fromCodePoint(rest.codePointAt(0) ?? 0);
    let taken = character.length;
    let literal: string | undefined;
    switch (character) {
      case "|":
        return undefined;
      case "\\": {
        const escaped = rest.slice(1, 2);
        taken = 2;
        if (/^[\x21-\x7e]$/u.test(escaped) && /^[^\p{L}\p{N}]$/u.test(escaped)) literal = escaped;
        else if (!classes.has(escaped)) return undefined;
        break;
      }
      case "[": {
        const found = bracket.exec(rest);
        if (found === null) return undefined;
        taken = found[0].length;
        break;
      }
      case "(":
        if (rest.startsWith("(?") && !rest.startsWith("(?:")) return undefined;
        if (rest.startsWith("(?:")) taken = 3;
        depth += 1;
        break;
      case ")":
        depth -= 1;
        break;
      case "{": {
        const found = repetition.exec(rest);
        if (found === null) return undefined;
        taken = found[0].length;
        run.pop();
        break;
      }
      case "*":
      case "?":
        run.pop();
        break;
      case "+":
      case ".":
      case "^":
      case "$":
        break;
      default:
        literal = character;
    }
    if (depth < 0) return undefined;
    // What is in a group may be optional as a whole.
    if (literal !== undefined && depth === 0) run.push(literal);
    else end();
    rest = rest.slice(taken);
  }
  end();
  const longest = runs.reduce((best, one) => (one.length > best.length ? one : best), "");
  return longest === "" ? undefined : longest;
}
