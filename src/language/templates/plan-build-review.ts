import type { FlowTemplate } from "./template";

const replies = `# What the scripted Venue answers: for each step, its replies in the order of the calls, over all rounds of a loop.
version: 1
chunk_delay_ms: 10

steps:
  plan:
    - text: I look at what is there before I decide anything.
      tool_calls:
        - { tool: list_dir, args: { path: "." } }
    - text: One module and its tests are enough.
      tool_calls:
        - tool: write_file
          args:
            path: PLAN.md
            content: |
              # Plan: durations

              | file | what it is for |
              |---|---|
              | \`durations.py\` | new: \`seconds(text)\` |
              | \`test_durations.py\` | new: its tests |

              - \`seconds("1h30m")\` is 5400. The units are h, m and s, each once at most, in this order.
              - Anything else, the empty text too, raises \`ValueError\` that names the text.
    - text: |
        The plan is in PLAN.md: one function, \`seconds(text)\`, in \`durations.py\`, with tests beside it. What is no
        duration raises \`ValueError\`.

  build:
    - text: I write the function and its tests.
      tool_calls:
        - tool: write_file
          args:
            path: durations.py
            content: |
              import re

              _FORM = re.compile(r"(?:(\\d+)h)?(?:(\\d+)m)?(?:(\\d+)s)?")


              def seconds(text: str) -> int:
                  """Return the seconds that a duration such as 1h30m stands for."""
                  match = _FORM.fullmatch(text)
                  if match is None:
                      raise ValueError(f"not a duration: {text!r}")
                  hours, minutes, rest = (int(part or 0) for part in match.groups())
                  return hours * 3600 + minutes * 60 + rest
        - tool: write_file
          args:
            path: test_durations.py
            content: |
              import unittest

              from durations import seconds


              class SecondsTest(unittest.TestCase):
                  def test_hours_and_minutes_add_up(self):
                      self.assertEqual(seconds("1h30m"), 5400)


              if __name__ == "__main__":
                  unittest.main()
    - text: |
        \`durations.py\` has \`seconds(text)\`; \`test_durations.py\` checks hours and minutes.

    - text: The reviewer is right, the empty text slips through. I refuse it and test both kinds of bad text.
      tool_calls:
        - tool: edit_file
          args:
            path: durations.py
            old_text: "if match is None:"
            new_text: 'if match is None or text == "":'
        - tool: edit_file
          args:
            path: test_durations.py
            old_text: |
              self.assertEqual(seconds("1h30m"), 5400)
            new_text: |
              self.assertEqual(seconds("1h30m"), 5400)

                  def test_what_is_no_duration_is_refused_by_name(self):
                      for text in ["", "30m1h", "soon"]:
                          with self.subTest(text=text), self.assertRaisesRegex(ValueError, repr(text)):
                              seconds(text)
    - text: The empty text is refused now, and the tests cover it and two other texts that are no duration.

  review:
    - text: I read what is there now, not what the report says.
      tool_calls:
        - { tool: read_file, args: { path: PLAN.md } }
        - { tool: read_file, args: { path: durations.py } }
        - { tool: read_file, args: { path: test_durations.py } }
    - text: |
        One point: the plan promises \`ValueError\` for the empty text, but every part of the pattern may be missing, so
        \`seconds("")\` returns 0. No test covers bad text at all.
      tool_calls:
        - tool: set_verdict
          args: { verdict: request_changes, reason: The empty text is not refused as the plan promises. }

    - text: I read the two files again.
      tool_calls:
        - { tool: read_file, args: { path: durations.py } }
        - { tool: read_file, args: { path: test_durations.py } }
    - text: The empty text is refused, and a test would notice if it were not. I approve.
      tool_calls:
        - tool: set_verdict
          args: { verdict: approve, reason: The code does what the plan promises. }
`;

export const planBuildReview: FlowTemplate = {
  id: "plan-build-review",
  title: "Plan, build, review",
  summary: "A planner decides, a builder writes, a reviewer sends it back until it is right.",
  replies,
  flow: ({
    name,
    venue,
  }) => `# Who works (band), on which model (venue), in what order (score), and on what (task).
version: 1
name: ${name}
description: A planner decides, a builder writes, a reviewer sends it back until it is right.

band: ${name}
venue: ${venue}
score: ${name}

# Say what is to be there at the end and what must not change; leave the how to the planner.
task: |
  Write a Python module 'durations' with one function that turns a text such as '1h30m' into seconds.
  It needs nothing but the standard library, and comes with tests.

approval: before_step
limits: { model_calls: 80 }
`,
  band: (name) => `# The roles: what each is told, and the only tools that it may call.
version: 1
name: ${name}
description: Planner, builder and reviewer.

roles:
  planner:
    description: Decides what changes and where.
    prompt: |
      You plan the work of a small team. Others build what you decide, and they have only your plan to go by.

      Read before you decide: list the project, open the files that the task touches, and follow the habits that you
      find there. Choose the smallest change that does the whole task. For each file that is new or changes, say in one
      line what it is for. Say which behaviour can be relied on, and what happens with bad input. Name what you leave
      out on purpose. Where the task is open, decide, and write down that you did.

      The task:
      {{task}}
    tools: [read_file, list_dir, search_files, write_file, update_notes]

  builder:
    description: Writes what the plan says.
    prompt: |
      You build what the plan says: all of it, and nothing beside it.

      Read a file before you change it. Use edit_file for a file that exists and write_file for a new one. Write code
      that a newcomer understands at first reading, in the style of the files around it. Whatever the plan promises gets
      a test. If the plan cannot work, do what comes closest and say so plainly in your report.

      The task:
      {{task}}

      The plan:
      {{artifacts["PLAN.md"]}}
    tools: [read_file, list_dir, search_files, write_file, edit_file, update_notes]

  reviewer:
    description: Checks the work against plan and task.
    prompt: |
      You review work that is not yours, and you want it to be right.

      Trust the files, not the report: open every file that the plan names as it is now. Does it do what was promised,
      at the edges too? Would a test fail if it did not? Give each point with its file and the reason, the gravest
      first, and only points that somebody would have to act on. Do not ask for what neither task nor plan wants.
      Approve when you would put your name to it.

      The task:
      {{task}}
    tools: [read_file, list_dir, search_files, set_verdict]
`,
  score: (name) => `# The order of the work. Models fill in the steps; they never decide what runs next.
version: 1
name: ${name}
description: Plan once, then build and review until the reviewer approves, three rounds at most.

steps:
  - id: plan
    role: planner
    note: Read the plan before anything is built. A change of mind is cheapest here.
    instruction: |
      Write the plan to PLAN.md, then sum it up in a few sentences.
    produces: [PLAN.md]

  - loop:
      max: 3
      until: { step: review, verdict: approve }
      steps:
        - id: build
          role: builder
          instruction: |
            Build what PLAN.md describes. Where there is a review, settle each of its points first.

            The last review, empty in the first round:
            {{steps.review.summary}}
          max_turns: 12

        - id: review
          role: reviewer
          instruction: |
            Review the work. The builder reports:
            {{steps.build.summary}}
          verdict: [approve, request_changes]
`,
};
