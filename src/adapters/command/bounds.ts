/** What one command may use. A command that goes beyond one of these is ended, with the bound in its event. */
export interface CommandBounds {
  /** Of both streams together, in bytes: what is kept whole. */
  readonly outputBytes: number;
  /** Resident memory of all its processes together, in bytes. */
  readonly memoryBytes: number;
  /** Processes and threads at once. */
  readonly processes: number;
  /** Files that `writes` matches. */
  readonly files: number;
  /** Of these files together, in bytes. */
  readonly fileBytes: number;
  /** Free room that a command must leave on the disk of its view, in bytes. */
  readonly freeBytes: number;
}

/** Enough for the test suites of large projects; small enough that a machine stays usable. */
export const commandBounds: CommandBounds = {
  outputBytes: 16 << 20,
  memoryBytes: 8 * 2 ** 30,
  processes: 1024,
  files: 2000,
  fileBytes: 64 << 20,
  freeBytes: 256 << 20,
};
