import { readSession } from "../../app/session/open";
import type { ProviderDeps } from "../../adapters/provider/provider-deps";
import { modelsInstead } from "../../app/venue/models-instead";
import type { LiveSession } from "../../app/session/session";
import type { SessionEvent } from "../../engine/event/event";
import type { SessionState } from "../../engine/state/state";
import { viewSession } from "../../engine/view/session-view";
import { defined } from "../../engine/model/defined";
import { exitCodeOf, exitCodes, Obstacles } from "../exit-code";
import type { ExitCode } from "../exit-code";
import type { Io } from "../io";
import type { GivenAnswer } from "./answers";
import { askAcceptance } from "./ask-acceptance";
import { Approver } from "./approver";
import type { ApprovalMode } from "./approver";
import { LineDisplay, NoDisplay } from "./display";
import type { Display } from "./display";
import { TypedLines } from "./lines";
import { LiveDisplay } from "./live-display";
import { printOutcome } from "./outcome";
import { SignOfLife } from "./sign-of-life";
import type { Ticker } from "./sign-of-life";

export interface PerformOptions {
  /** undefined: the user is asked if present. */
  readonly approve: "none" | "all" | undefined;
  readonly json: boolean;
  /** Also prints the events that existed before; for a fork. */
  readonly fromStart: boolean;
  /** The values of `--answer`. */
  readonly answers?: readonly GivenAnswer[];
  /** How to call the program for this project. */
  readonly orket: string;
  /** For asking the server of a failed step which models it has. */
  readonly access: ProviderDeps;
}

function displayFor(io: Io, json: boolean): Display {
  if (json) return new NoDisplay(io.stderr);
  const simple = io.env.TERM === "dumb" || (io.env.CI ?? "") !== "";
  return io.stderr.isTerminal && !simple
    ? new LiveDisplay(io.stderr, () => io.now())
    : new LineDisplay(io.stderr);
}

/** The journal's line for an event, without the link to the line before. */
function eventJson({ seq, at, type, step, data }: SessionEvent): string {
  return JSON.stringify({ seq, at, type, step, data });
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Cancels on the first signal, ends immediately on the second. Returns a function that stops listening. */
function onSignals(live: LiveSession, display: Display): () => void {
  let asked = false;
  const handle = (signal: NodeJS.Signals): void => {
    if (asked) {
      display.close();
      process.exit(exitCodes.cancelled);
    }
    asked = true;
    display.say(signal === "SIGINT" ? "Stopping. Press Ctrl+C again to end at once." : "Stopping.");
    live.orchestrator.cancel();
  };
  for (const signal of signals) process.on(signal, handle);
  return () => {
    for (const signal of signals) process.off(signal, handle);
  };
}

/** The machine's time; its timers keep no process alive. */
function tickerOf(io: Io): Ticker {
  return {
    now: () => io.now(),
    every: (ms, call) => {
      const timer = setInterval(call, ms);
      timer.unref();
      return () => clearInterval(timer);
    },
  };
}

/** Performs a session until it ends or pauses, shows it, and reports the result. */
export async function performSession(live: LiveSession, options: PerformOptions, io: Io): Promise<ExitCode> {
  const { orchestrator } = live;
  const lines = new TypedLines(io.stdin);
  const mode: ApprovalMode = options.approve ?? (io.interactive && !options.json ? "ask" : "none");
  const display = displayFor(io, options.json);
  const approver = new Approver({
    live,
    mode,
    display,
    output: io.stderr,
    env: io.env,
    lines,
    answers: options.answers ?? [],
    askAcceptance: (question) => askAcceptance(question, { live, output: io.stderr, lines }),
  });
  const obstacles = new Obstacles();
  const seen = (events: readonly SessionEvent[]): void => {
    for (const event of events) {
      obstacles.see(event);
      if (options.json) io.stdout.line(eventJson(event));
    }
  };
  seen(options.fromStart ? (await readSession(live.directory)).events : live.begun);
  // A repainted display is itself a sign of life.
  const sign =
    display instanceof LiveDisplay ? undefined : new SignOfLife((text) => display.say(text), tickerOf(io));
  const unlisten = orchestrator.listen({
    onEvents: (events, state) => {
      seen(events);
      sign?.onEvents(events);
      display.onEvents(events, state);
      approver.look();
    },
    onDelta: (step, delta) => {
      sign?.onDelta(step, delta);
      display.onDelta(step, delta);
    },
  });
  const offSignals = onSignals(live, display);
  io.onClosed(() => {
    if (orchestrator.isRunning) orchestrator.cancel("The output is no longer read.");
  });
  if (mode === "ask") lines.start();
  let state: SessionState;
  try {
    approver.look();
    state = await orchestrator.run();
  } finally {
    await approver.close();
    lines.stop();
    sign?.close();
    display.close();
    offSignals();
    unlisten();
  }
  const code = exitCodeOf(viewSession(state), obstacles);
  printOutcome(
    state,
    code,
    { ...options, ...defined({ instead: await modelsInstead(state, options.access) }) },
    io,
  );
  return code;
}
