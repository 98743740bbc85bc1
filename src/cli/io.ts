import { OrketError } from "../engine/error/orket-error";
import { safeOutput } from "./text/safe";
import { styleFor } from "./text/style";
import type { Style } from "./text/style";

/** The destination of text: a terminal, a file or a pipe. */
export interface Output {
  readonly isTerminal: boolean;
  readonly columns: number;
  readonly rows: number;
  readonly style: Style;
  /** On a terminal, control sequences in the text are made harmless: the only place where that is guaranteed. */
  write(text: string): void;
  /** Controls a terminal: Orket's own sequences, never text from elsewhere. Absent: they are written. */
  control?(sequence: string): void;
  line(text?: string): void;
  /** Calls back when the terminal's size changes. */
  onResize(listener: () => void): () => void;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment of the command line. */
export interface Io {
  /** The folder where it was started. */
  readonly cwd: string;
  readonly env: Environment;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Whether a user is present who can be asked. */
  readonly interactive: boolean;
  /** Calls back when stdout has no reader any more. */
  onClosed(listener: () => void): void;
  now(): number;
}

/** The other end was closed: a pipe (also on Windows), or the terminal's window. */
const gone: ReadonlySet<string> = new Set(["EPIPE", "EOF", "EIO", "ECONNRESET", "ERR_STREAM_DESTROYED"]);

function output(stream: NodeJS.WriteStream, colour: boolean, onBroken: () => void): Output {
  let broken = false;
  stream.on("error", (error: NodeJS.ErrnoException) => {
    // The reader has exited (`orket … | head`): there is nothing left to print.
    if (!gone.has(error.code ?? ""))
      throw new OrketError("disk_failed", `The output cannot be written (${error.code ?? error.message}).`, {
        hint: "Make room where it goes, or send it elsewhere. A session that was running goes on with 'orket resume last'.",
        cause: error,
      });
    broken = true;
    onBroken();
  });
  const control = (sequence: string): void => {
    if (!broken) stream.write(sequence);
  };
  const write = (text: string): void => {
    control(stream.isTTY ? safeOutput(text) : text);
  };
  return {
    get isTerminal() {
      return stream.isTTY;
    },
    get columns() {
      return stream.columns > 0 ? stream.columns : 80;
    },
    get rows() {
      return stream.rows > 0 ? stream.rows : 24;
    },
    style: styleFor(colour),
    write,
    control,
    line: (text = "") => write(`${text}\n`),
    onResize: (listener) => {
      stream.on("resize", listener);
      return () => stream.off("resize", listener);
    },
  };
}

/** Writes a sequence of Orket's own. */
export function steer(to: Output, sequence: string): void {
  if (to.control === undefined) to.write(sequence);
  else to.control(sequence);
}

/** Colours: only on a terminal that supports them, and not where NO_COLOR or the user disables them. */
function wantsColour(stream: NodeJS.WriteStream, env: Environment, noColour: boolean): boolean {
  if (noColour || (env.NO_COLOR ?? "") !== "" || env.TERM === "dumb") return false;
  return stream.isTTY;
}

export function processIo(noColour: boolean): Io {
  const { env, stdin } = process;
  const closed: (() => void)[] = [];
  const stdout = output(process.stdout, wantsColour(process.stdout, env, noColour), () => {
    for (const listener of closed) listener();
  });
  const stderr = output(process.stderr, wantsColour(process.stderr, env, noColour), () => undefined);
  return {
    get cwd() {
      try {
        return process.cwd();
      } catch (error) {
        throw new OrketError("usage", "The current folder does not exist any more.", {
          hint: "Go to another folder, then try again.",
          cause: error,
        });
      }
    },
    env,
    stdin,
    stdout,
    stderr,
    interactive: stdin.isTTY && process.stderr.isTTY,
    onClosed: (listener) => closed.push(listener),
    now: () => Date.now(),
  };
}
