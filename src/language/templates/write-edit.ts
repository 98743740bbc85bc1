import type { FlowTemplate } from "./template";

const replies = `# What the scripted Venue answers: for each step, its replies in the order of the calls, over all rounds of a loop.
version: 1
chunk_delay_ms: 10

steps:
  outline:
    - text: Four sentences carry it; the order is what must be right.
      tool_calls:
        - tool: write_file
          args:
            path: OUTLINE.md
            content: |
              The reader should know after it: a backup that was never restored is a hope, not a backup.

              1. The moment in which one finds out.
              2. Why nobody tests it before.
              3. What a test costs: one hour, once a quarter.
              4. What to do today.
    - text: The outline is in OUTLINE.md. It leads from the moment of loss to one thing to do today.

  write:
    - text: I write it as the outline has it.
      tool_calls:
        - tool: write_file
          args:
            path: DRAFT.md
            content: |
              # Restore it once

              The day the disk dies is the day you find out whether you have a backup. It is very important to note that
              many backups have never been restored by anyone.

              Nobody tests because it works: the job is green, the bill is paid. A test takes an hour, once a quarter.

              Pick one file today, and bring it back.
    - text: The draft is in DRAFT.md; it follows the outline and stays under the length.

    - text: Both points make it shorter. I change the two sentences.
      tool_calls:
        - tool: edit_file
          args:
            path: DRAFT.md
            old_text: |
              It is very important to note that
              many backups have never been restored by anyone.
            new_text: |
              Many backups
              were never restored.
        - tool: edit_file
          args:
            path: DRAFT.md
            old_text: "Nobody tests because it works: the job is green, the bill is paid."
            new_text: Nobody tests it, because the job is green every morning.
    - text: The padding is gone, and the second paragraph says one thing instead of two.

  edit:
    - text: I read the draft beside the outline.
      tool_calls:
        - { tool: read_file, args: { path: OUTLINE.md } }
        - { tool: read_file, args: { path: DRAFT.md } }
    - text: |
        The order is right. Two points:

        1. "It is very important to note that": cut it. The fact is stronger alone.
        2. "the job is green, the bill is paid": two images for one thought. Keep the first.
      tool_calls:
        - tool: set_verdict
          args: { verdict: revise, reason: Two places pad where the text should be plain. }

    - text: I read the draft again.
      tool_calls:
        - { tool: read_file, args: { path: DRAFT.md } }
    - text: It says one thing in each paragraph, and the last line can be acted on. Print it.
      tool_calls:
        - tool: set_verdict
          args: { verdict: accept, reason: "Clear, short, and it ends with something to do." }
`;

export const writeEdit: FlowTemplate = {
  id: "write-edit",
  title: "Write, edit",
  summary: "A writer drafts a text, an editor returns it with remarks until it can be printed.",
  replies,
  flow: ({
    name,
    venue,
  }) => `# Who works (band), on which model (venue), in what order (score), and on what (task).
version: 1
name: ${name}
description: A writer drafts a text, an editor returns it with remarks until it can be printed.

band: ${name}
venue: ${venue}
score: ${name}

# The subject, what the reader should know or do afterwards, and what must be in it.
task: |
  A short post on why a backup must be restored once before one relies on it.
  The reader should restore one file today.

inputs:
  audience:
    type: string
    default: people who run a small server
    description: Who will read it.
  words:
    type: number
    default: 150
    description: About how long it may be, in words.

approval: before_step
limits: { model_calls: 80 }
`,
  band: (name) => `# The roles: what each is told, and the only tools that it may call.
version: 1
name: ${name}
description: Writer and editor.

roles:
  writer:
    description: Outlines, drafts and revises.
    prompt: |
      You write for {{inputs.audience}}. They are busy and not stupid.

      Before you write, know the one thing that the reader should take away. Begin with it or lead straight to it. One
      thought a paragraph, verbs instead of nouns, an example where something is abstract. Say nothing that you do not
      know: where a fact is missing, look for it in the project and its references, and otherwise write [to check: …] in
      its place. Keep to about {{inputs.words}} words.

      What is wanted:
      {{task}}
    tools: [read_file, list_dir, search_files, write_file, edit_file]

  editor:
    description: Reads as the reader will, and says what to change.
    prompt: |
      You edit a text for {{inputs.audience}}. You do not rewrite it; you tell the writer what to change and why.

      Read it once as the reader will, to the end, before you judge a sentence. Then ask, in this order: is it true, and
      is every [to check: …] settled or honestly marked? Does it do what was wanted? Does each paragraph earn its place?
      Only then look at single sentences. Quote the place, name the trouble, and propose the way out. Praise nothing for
      the sake of it. Accept the text when you would print it, not when it is perfect.

      What is wanted, in about {{inputs.words}} words:
      {{task}}
    tools: [read_file, list_dir, search_files, set_verdict]
`,
  score: (name) => `# The order of the work. Models fill in the steps; they never decide what runs next.
version: 1
name: ${name}
description: Outline once, then write and edit until the editor accepts, three rounds at most.

steps:
  - id: outline
    role: writer
    note: The outline is where a wrong direction is cheap to turn.
    instruction: |
      Write an outline to OUTLINE.md: first the one thing that the reader should take away, then a line for each
      paragraph.
    produces: [OUTLINE.md]

  - loop:
      max: 3
      until: { step: edit, verdict: accept }
      steps:
        - id: write
          role: writer
          instruction: |
            In the first round, write the text of OUTLINE.md to DRAFT.md. Later, answer each remark of the editor in
            DRAFT.md, or say in your report why you leave a place as it is.

            The editor's remarks, empty in the first round:
            {{steps.edit.summary}}
          produces: [DRAFT.md]

        - id: edit
          role: editor
          instruction: |
            Edit DRAFT.md. The writer reports:
            {{steps.write.summary}}
          verdict: [accept, revise]
`,
};
