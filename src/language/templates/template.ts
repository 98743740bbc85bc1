/** The parameters of a template's files. Both are valid names. */
export interface TemplateNames {
  /** Of the Flow, the Band and the Score. */
  readonly name: string;
  /** Of the Venue that the Flow uses. */
  readonly venue: string;
  /** The command for the project's tests, one entry for each argument. */
  readonly tests: readonly string[];
}

/** A team that "New Flow" can write. */
export interface FlowTemplate {
  readonly id: string;
  readonly title: string;
  /** One line, for display. */
  readonly summary: string;
  readonly flow: (names: TemplateNames) => string;
  readonly band: (name: string) => string;
  readonly score: (name: string) => string;
  /** What the scripted Venue answers to the Flow's own task. */
  readonly replies: string;
}
