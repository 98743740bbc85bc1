import type { FlowTemplate } from "./template";

const replies = `# What the scripted Venue answers: for each step, its replies in the order of the calls, over all rounds of a loop.
version: 1
chunk_delay_ms: 10

steps:
  diagnose:
    - text: |
        The output names one failure: median of an even count. I look at what is there.
      tool_calls:
        - { tool: list_dir, args: { path: "." } }
    - text: I write down the cause before anything is changed.
      tool_calls:
        - tool: write_file
          args:
            path: DIAGNOSIS.md
            content: |
              # Diagnosis

              | test | expected | got | cause |
              |---|---|---|---|
              | test_even_count | 2.5 | 3 | \`median\` takes the upper of the two middle values instead of their mean |
    - text: One test fails, for one cause, in the code and not in the test. DIAGNOSIS.md says which.

  fix:
    - text: The two middle values have to be averaged.
      tool_calls:
        - tool: write_file
          args:
            path: median.py
            content: |
              def median(values):
                  """Return the middle value, or the mean of the two middle ones."""
                  ordered = sorted(values)
                  half = len(ordered) // 2
                  return (ordered[half - 1] + ordered[half]) / 2
    - text: |
        \`median\` averages the two middle values.

    - text: Right, an odd count has one middle value. I treat the two cases apart.
      tool_calls:
        - tool: edit_file
          args:
            path: median.py
            old_text: |2
                  return (ordered[half - 1] + ordered[half]) / 2
            new_text: |2
                  if len(ordered) % 2 == 1:
                      return ordered[half]
                  return (ordered[half - 1] + ordered[half]) / 2
    - text: An odd count gives its middle value again, an even one the mean of two.

  check:
    - text: I go through the failing test by hand, then through one that passed before.
      tool_calls:
        - { tool: read_file, args: { path: DIAGNOSIS.md } }
        - { tool: read_file, args: { path: median.py } }
    - text: |
        test_even_count: sorted 1, 2, 3, 4; half is 2; (2 + 3) / 2 = 2.5, as expected. But an odd count now averages too:
        1, 2, 3 gives (1 + 2) / 2 = 1.5 instead of 2, so a test that passed would fail.
      tool_calls:
        - tool: set_verdict
          args: { verdict: will_fail, reason: An odd count is averaged too. }

    - text: I go through both cases again.
      tool_calls:
        - { tool: read_file, args: { path: median.py } }
    - text: |
        1, 2, 3, 4 gives 2.5, and 1, 2, 3 gives 2. By reading, the tests should pass; nobody has run them.
      tool_calls:
        - tool: set_verdict
          args: { verdict: should_pass, reason: Both counts are right by hand. }

  hand-over:
    - text: I write down what to run.
      tool_calls:
        - tool: write_file
          args:
            path: NEXT.md
            content: |
              # Next

              Nobody has run the tests. After you accept \`median.py\`:

              1. Run \`python3 -m unittest\`.
              2. If it fails, start the flow again and give the new output as the input test_output.
    - text: NEXT.md says what to run. The fix is checked by reading only.
`;

export const fixUntilTestsPass: FlowTemplate = {
  id: "fix-until-tests-pass",
  title: "Fix until the tests pass",
  summary:
    "From the output of failing tests to a fix, checked by reading; you run the tests, Orket runs no commands.",
  replies,
  flow: ({
    name,
    venue,
  }) => `# Who works (band), on which model (venue), in what order (score), and on what (task).
#
# Orket runs no commands, so nobody here can run your tests. You give their output, the team finds the cause and proposes
# a fix that it checks by reading. Then: accept the fix, run the tests, and while they fail start again with the new output.
#   orket run ${name} --input test_output="$(your test command 2>&1)"
version: 1
name: ${name}
description: From the output of failing tests to a fix, checked by reading. You run the tests.

band: ${name}
venue: ${venue}
score: ${name}

task: |
  Make the failing tests pass without weakening them, and break none that pass.

inputs:
  test_command:
    type: string
    default: python3 -m unittest
    description: How you run the tests. It is only written down for you; Orket does not run it.
  test_output:
    type: string
    description: What the test run printed, the failures with their traces.
    default: |
      FAIL: test_even_count (test_median.MedianTest.test_even_count)
        File "test_median.py", line 8, in test_even_count
          self.assertEqual(median([1, 2, 3, 4]), 2.5)
      AssertionError: 3 != 2.5
      Ran 2 tests in 0.001s
      FAILED (failures=1)

approval: before_step
limits: { model_calls: 100 }
`,
  band: (name) => `# The roles: what each is told, and the only tools that it may call.
version: 1
name: ${name}
description: Diagnostician, fixer and checker. None of them can run anything.

roles:
  diagnostician:
    description: Finds out why the tests fail.
    prompt: |
      You find out why tests fail. You change no code.

      You cannot run anything; what you have is the output below and the files. Start at the first failure, since later
      ones often follow from it. Read the test, then the code that it calls, then what that calls, until you can say
      which line makes the difference. Separate causes from symptoms: several failures may have one cause. If the test
      is wrong and not the code, say so with the reason; do not assume it. Where the output does not suffice, say
      exactly what else you would need to see.

      The task:
      {{task}}

      What \`{{inputs.test_command}}\` printed:
      {{inputs.test_output}}
    tools: [read_file, list_dir, search_files, write_file]

  fixer:
    description: Makes the smallest change that removes the cause.
    prompt: |
      You remove the cause of failing tests with the smallest change that is right, not the smallest that silences them.

      Never weaken, skip or delete a test to make it pass. Do not catch an error to hide it, and do not treat the test's
      own values as a special case. Read a file before you change it, and change only what the diagnosis is about. You
      cannot run the tests, so go through each failing one in your head, value by value, and report the values.

      The task:
      {{task}}

      The diagnosis:
      {{artifacts["DIAGNOSIS.md"]}}
    tools: [read_file, list_dir, search_files, write_file, edit_file]

  checker:
    description: Goes through the tests by hand.
    prompt: |
      You predict whether tests will pass, by reading. You cannot run them, and you never speak as if you had.

      For each test that failed, follow the code with the test's own values, step by step, as it is now. Then look for
      tests that pass today and touch the changed lines: would they still? See also that no test was weakened, and that
      nothing changed beyond the cause. Say should_pass only if you went through every failing test; when you are
      unsure about one, say will_fail and name what is unclear.

      The tests that failed:
      {{inputs.test_output}}
    tools: [read_file, list_dir, search_files, write_file, set_verdict]
`,
  score: (name) => `# The order of the work. Models fill in the steps; they never decide what runs next.
version: 1
name: ${name}
description: Diagnose, then fix and check by reading, four rounds at most. Running the tests stays with you.

steps:
  - id: diagnose
    role: diagnostician
    note: If the diagnosis is wrong, everything behind it is. Read it.
    instruction: |
      Write DIAGNOSIS.md: for each failing test what it expected, what it got, and the line that makes the difference.
    produces: [DIAGNOSIS.md]
    max_turns: 12

  - loop:
      max: 4
      until: { step: check, verdict: should_pass }
      steps:
        - id: fix
          role: fixer
          instruction: |
            Fix the cause that DIAGNOSIS.md names. Where a check came back, settle what it found first.

            The last check, empty in the first round:
            {{steps.check.summary}}
          max_turns: 12

        - id: check
          role: checker
          instruction: |
            Go through the failing tests by hand with the code as it is now. The fixer reports:
            {{steps.fix.summary}}
          verdict: [should_pass, will_fail]

  - id: hand-over
    role: checker
    note: Now it is your turn. Accept the fix, run the tests, and start again with the output while they fail.
    instruction: |
      Write NEXT.md for the person who runs the tests: that nobody has run them yet, which files to accept, the command
      \`{{inputs.test_command}}\`, and which of the tests you are least sure of. If the last check said will_fail, begin
      with that.

      The last check:
      {{steps.check.summary}}
    produces: [NEXT.md]
`,
};
