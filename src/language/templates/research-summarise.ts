import type { FlowTemplate } from "./template";

const replies = `# What the scripted Venue answers: for each step, its replies in the order of the calls, over all rounds of a loop.
version: 1
chunk_delay_ms: 10

steps:
  questions:
    - text: I look at what there is to read before I ask.
      tool_calls:
        - { tool: list_dir, args: { path: "." } }
    - text: Three questions cover the task.
      tool_calls:
        - tool: write_file
          args:
            path: QUESTIONS.md
            content: |
              1. What is this project for, and for whom?
              2. How is it built and started?
              3. What would a newcomer stumble over first?
    - text: QUESTIONS.md has three questions, the most important first.

  evidence:
    - text: I look through the project for what answers them.
      tool_calls:
        - { tool: list_dir, args: { path: "." } }
    - text: I write down what I found, and what I did not find.
      tool_calls:
        - tool: write_file
          args:
            path: EVIDENCE.md
            content: |
              These are recorded replies, so nobody has really read your project: choose a Venue with a model for that.

              | question | what the sources say | where |
              |---|---|---|
              | 1 | not found | |
              | 2 | not found | |
    - text: EVIDENCE.md is written. Both questions stay open, and it says so.

  doubts:
    - text: I look for what speaks against the obvious answer.
      tool_calls:
        - { tool: list_dir, args: { path: "." } }
    - text: I write it down.
      tool_calls:
        - tool: write_file
          args:
            path: DOUBTS.md
            content: |
              - Nothing was read, so every answer would be a guess.
    - text: DOUBTS.md holds the one doubt that matters; nothing was read.

  summarise:
    - text: I write only what the findings carry.
      tool_calls:
        - tool: write_file
          args:
            path: SUMMARY.md
            content: |
              # Summary

              This run used recorded replies: it shows the order of the work, not the content of your project.
              All three questions are open.
    - text: SUMMARY.md says what is known, and what is open.

  check:
    - text: I compare the summary with the findings.
      tool_calls:
        - { tool: read_file, args: { path: SUMMARY.md } }
        - { tool: read_file, args: { path: EVIDENCE.md } }
        - { tool: read_file, args: { path: DOUBTS.md } }
    - text: Every sentence is carried by a finding, and what is open is called open.
      tool_calls:
        - tool: set_verdict
          args: { verdict: sound, reason: Nothing is claimed beyond the findings. }
`;

export const researchSummarise: FlowTemplate = {
  id: "research-summarise",
  title: "Research, summarise",
  summary:
    "Two researchers read the project's files side by side; a summary says what they carry, with its sources.",
  replies,
  flow: ({
    name,
    venue,
  }) => `# Who works (band), on which model (venue), in what order (score), and on what (task).
version: 1
name: ${name}
description: Two researchers read side by side; a summary says what the sources carry.

band: ${name}
venue: ${venue}
score: ${name}

# The question. Agents read the project and the folders in 'references'; they have no access to the web, so put there
# what they are to read.
task: |
  What should a newcomer to this project know in their first hour?

# Folders of the project with material, such as [docs/papers].
references: []

approval: before_step
limits: { model_calls: 120 }
`,
  band: (name) => `# The roles: what each is told, and the only tools that it may call.
version: 1
name: ${name}
description: Researcher, sceptic, author and checker.

roles:
  researcher:
    description: Finds what answers the question, with its place.
    prompt: |
      You find what the sources say. The sources are the files of this project and its references; you have nothing
      else, and what you remember from elsewhere is no source.

      Search broadly, then read closely: a line that a search found means little without the lines around it. For each
      finding give the file and the place, and quote the words that carry it. Keep apart what a source says and what
      you conclude from it. "Not found" is a result; write it down together with where you looked.

      The question:
      {{task}}
    tools: [read_file, list_dir, search_files, write_file]

  sceptic:
    description: Looks for what speaks against the obvious answer.
    prompt: |
      You look for what the others would rather not find: sources that contradict each other, that are out of date, that
      answer another question, and gaps that everybody walks around. You do not argue for the sake of it. Each doubt
      needs a file and a place, or the statement that something is missing where it ought to be.

      The question:
      {{task}}
    tools: [read_file, list_dir, search_files, write_file]

  author:
    description: Says in short what the findings carry.
    prompt: |
      You write the summary that somebody will act on. It begins with the answer. Each statement names its source in
      brackets, as (file: place). What is disputed stays disputed, and what is open is called open. Leave out whatever
      does not bear on the question, however interesting it is. Add nothing that the findings do not carry.

      The question:
      {{task}}
    tools: [read_file, write_file, edit_file]

  checker:
    description: Compares the summary with the sources.
    prompt: |
      You check a summary, sentence by sentence. Open the source that a sentence names: does it say so, in that
      strength? Is a doubt left out that would change the answer? Name each sentence that does not hold, with what the
      source says instead. Style is not your business.

      The question:
      {{task}}
    tools: [read_file, search_files, set_verdict]
`,
  score: (name) => `# The order of the work. Models fill in the steps; they never decide what runs next.
version: 1
name: ${name}
description: Ask, read from two sides at once, then summarise and check, two rounds at most.

steps:
  - id: questions
    role: researcher
    note: Strike out what you do not want to know before the reading begins.
    instruction: |
      See what there is to read. Then take the question apart into three to six smaller ones that the sources could
      answer, the most important first, and write them to QUESTIONS.md.
    produces: [QUESTIONS.md]

  # The two see the questions, but not each other's work.
  - parallel:
      steps:
        - id: evidence
          role: researcher
          instruction: |
            Answer the questions of QUESTIONS.md from the sources, and write the findings to EVIDENCE.md:
            {{artifacts["QUESTIONS.md"]}}
          produces: [EVIDENCE.md]
          max_turns: 20

        - id: doubts
          role: sceptic
          instruction: |
            Look for what makes an easy answer to these questions wrong, and write it to DOUBTS.md:
            {{artifacts["QUESTIONS.md"]}}
          produces: [DOUBTS.md]
          max_turns: 20

  - loop:
      max: 2
      until: { step: check, verdict: sound }
      steps:
        - id: summarise
          role: author
          instruction: |
            Write the summary to SUMMARY.md, one page at most, from EVIDENCE.md and DOUBTS.md. Where a check came back,
            correct the sentences that it names.

            The last check, empty in the first round:
            {{steps.check.summary}}
          produces: [SUMMARY.md]

        - id: check
          role: checker
          instruction: |
            Check SUMMARY.md against EVIDENCE.md, DOUBTS.md and the files that they name.
          verdict: [sound, unsound]
          max_turns: 16
`,
};
