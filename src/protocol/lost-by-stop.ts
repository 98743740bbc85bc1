/** A step, as far as it matters for what a stop loses. */
interface StoppedStep {
  readonly key: string;
  readonly status: string;
}

/** What stopping a session would lose, one sentence each; empty: nothing. */
export function lostByStop({ steps }: { readonly steps: readonly StoppedStep[] }): string[] {
  const keysOf = (wanted: string): string[] =>
    steps.filter(({ status }) => status === wanted).map(({ key }) => key);
  const working = keysOf("running");
  const waiting = keysOf("waiting");
  const planned = keysOf("planned").length;
  return [
    ...(working.length === 0 ? [] : [`What ${working.join(", ")} has under way is lost.`]),
    ...(waiting.length === 0 ? [] : [`What ${waiting.join(", ")} waits for is not answered.`]),
    ...(planned === 0
      ? []
      : [planned === 1 ? "1 step is not performed." : `${planned} steps are not performed.`]),
  ];
}

/** What stopping means, for the question before it. */
export const stopIsFinal = "A session that was stopped does not go on.";
export const whatStopKeeps =
  "What is done stays. A fork goes on from any step that has begun; to go on later, pause instead.";
