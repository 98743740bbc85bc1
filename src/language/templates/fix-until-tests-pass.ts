import type { FlowTemplate } from "./template";

const replies = `# What the scripted Venue answers: for each step, its replies in the order of the calls, over all rounds of a loop.
# They belong to an empty project whose tests run with 'node --test'.
version: 1
chunk_delay_ms: 10

steps:
  diagnose:
    - text: I look at what is there, and write down the cause before anything is changed.
      tool_calls:
        - tool: write_file
          args:
            path: DIAGNOSIS.md
            content: |
              # Diagnosis

              | what fails | cause |
              |---|---|
              | \`median\` of an even count | the module takes one of the two middle values instead of their mean |
    - text: One cause, in the code and not in a test. DIAGNOSIS.md says which.

  fix:
    - text: The two middle values must be averaged.
      tool_calls:
        - tool: write_file
          args:
            path: median.cjs
            content: |
              exports.median = (values) => {
                const ordered = [...values].sort((a, b) => a - b);
                const half = Math.floor(ordered.length / 2);
                return (ordered[half - 1] + ordered[half]) / 2;
              };
        - tool: write_file
          args:
            path: median.test.cjs
            content: |
              const assert = require("node:assert/strict");
              const { test } = require("node:test");
              const { median } = require("./median.cjs");

              test("an even count gives the mean of the two middle values", () => {
                assert.equal(median([4, 1, 3, 2]), 2.5);
              });

              test("an odd count gives the middle value", () => {
                assert.equal(median([3, 1, 2]), 2);
              });
    - text: The function averages the two middle values.

    - text: The tests say that an odd count has one middle value. I treat the two cases apart.
      tool_calls:
        - tool: edit_file
          args:
            path: median.cjs
            old_text: |2
                return (ordered[half - 1] + ordered[half]) / 2;
            new_text: |2
                if (ordered.length % 2 === 1) return ordered[half];
                return (ordered[half - 1] + ordered[half]) / 2;
    - text: An odd count gives its middle value, an even one the mean of two.

  review:
    - text: The tests pass. I see whether they pass for the right reason.
      tool_calls:
        - { tool: read_file, args: { path: median.cjs } }
        - { tool: read_file, args: { path: median.test.cjs } }
    - text: Both cases are right, no test was weakened, and nothing else changed.
      tool_calls:
        - tool: set_verdict
          args: { verdict: approve, reason: The cause is gone and no test was weakened. }
`;

export const fixUntilTestsPass: FlowTemplate = {
  id: "fix-until-tests-pass",
  title: "Fix until the tests pass",
  summary: "Runs the project's tests, finds the cause of what fails, and fixes it until they pass.",
  replies,
  flow: ({
    name,
    venue,
    tests,
  }) => `# Who works (band), on which model (venue), in what order (score), and on what (task).
version: 1
name: ${name}
description: Runs the tests, finds the cause of what fails, and fixes it until they pass.

band: ${name}
venue: ${venue}
score: ${name}

task: |
  Make the failing tests pass without weakening them, and break none that pass.

# What may be run: nothing else is, and nothing before you have agreed to it. It runs on a copy of the project that is thrown
# away, without network. Check that it is how your tests run: orket check ${name}
commands:
  tests:
    argv: [${tests.join(", ")}]
    description: The project's tests.
    timeout_seconds: 600

approval: before_step
limits: { model_calls: 100 }
`,
  band: (name) => `# The roles: what each is told, and the only tools that it may call.
version: 1
name: ${name}
description: Diagnostician, fixer and reviewer.

roles:
  diagnostician:
    description: Finds out why the tests fail.
    prompt: |
      You find out why tests fail. You change no code.

      Start at the first failure, since later ones often follow from it. Read the test, then the code that it calls, then
      what that calls, until you can say which line makes the difference. Separate causes from symptoms: several failures
      may have one cause. If the test is wrong and not the code, say so with the reason; do not assume it. If nothing
      fails, say that and stop.

      The task:
      {{task}}
    tools: [read_file, list_dir, search_files, write_file]

  fixer:
    description: Makes the smallest change that removes the cause.
    prompt: |
      You remove the cause of failing tests with the smallest change that is right, not the smallest that silences them.

      Never weaken, skip or delete a test to make it pass. Do not catch an error to hide it, and do not treat the test's
      own values as a special case. Read a file before you change it, and change only what the diagnosis is about. The
      tests run after you; you see what they print.

      The task:
      {{task}}

      The diagnosis:
      {{artifacts["DIAGNOSIS.md"]}}
    tools: [read_file, list_dir, search_files, write_file, edit_file]

  reviewer:
    description: Sees that the tests pass for the right reason.
    prompt: |
      The tests pass now. You see whether they pass for the right reason.

      Read what was changed. Was a test weakened, skipped or deleted, an error hidden, a test's own value treated as a
      special case? Did anything change beyond the cause? Approve only if none of this is so; else say where it is.

      The task:
      {{task}}

      The diagnosis:
      {{artifacts["DIAGNOSIS.md"]}}
    tools: [read_file, list_dir, search_files, set_verdict]
`,
  score: (name) => `# The order of the work. Models fill in the steps; they never decide what runs next.
version: 1
name: ${name}
description: Run the tests, diagnose, then fix and run them again, four rounds at most.

steps:
  - id: before
    run: tests
    must: [pass, fail, timeout]
    note: How it stands before anything is changed.

  - id: diagnose
    role: diagnostician
    note: If the diagnosis is wrong, everything behind it is. Read it.
    instruction: |
      Write DIAGNOSIS.md: for each failing test what it expected, what it got, and the line that makes the difference.

      The tests: {{steps.before.verdict}}. They printed:
      {{steps.before.summary}}
    produces: [DIAGNOSIS.md]
    max_turns: 12

  - loop:
      max: 4
      until:
        - { step: tests, verdict: pass }
        - { step: review, verdict: approve }
      steps:
        - id: fix
          role: fixer
          instruction: |
            Fix the cause that DIAGNOSIS.md names. Where tests still fail or a review came back, settle that first.

            The tests after your last change, empty in the first round:
            {{steps.tests.summary}}

            The last review, empty where there was none:
            {{steps.review.summary}}
          max_turns: 12

        - id: tests
          run: tests

        - id: review
          role: reviewer
          when: { step: tests, verdict: pass }
          instruction: |
            Review the fix. The fixer reports:
            {{steps.fix.summary}}
          verdict: [approve, request_changes]
`,
};
