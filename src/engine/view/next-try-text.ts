interface NextTry {
  readonly from_turn?: number | undefined;
  readonly anew?: string | undefined;
}

/** How a step that failed is tried again, after its name; undefined: anew, and nothing is lost. */
export function nextTryText({ from_turn: turn, anew }: NextTry): string | undefined {
  if (turn !== undefined) return `continues with turn ${turn}`;
  return anew === undefined ? undefined : `begins anew because ${anew}`;
}
