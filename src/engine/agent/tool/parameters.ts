// Written by `npm run generate`.
import type { BuiltinTool } from "../../model/tools";

/** The arguments of each tool as a JSON Schema: at the start of a run, deriving them takes as long as reading the Flow's files. */
export const toolParameters: Readonly<Record<BuiltinTool, Readonly<Record<string, unknown>>>> = {
  read_file: {
    type: "object",
    properties: {
      path: {
        type: "string",
        minLength: 1,
        maxLength: 1000,
        description: "Path relative to the project, with forward slashes.",
      },
      start_line: {
        description: "First line to read, from 1.",
        type: "integer",
        minimum: 1,
        maximum: 9007199254740991,
      },
      end_line: {
        description: "Last line to read, included.",
        type: "integer",
        minimum: 1,
        maximum: 9007199254740991,
      },
    },
    required: ["path"],
    additionalProperties: false,
  },
  list_dir: {
    type: "object",
    properties: {
      path: { default: ".", description: "Folder relative to the project.", type: "string", maxLength: 1000 },
      depth: {
        default: 1,
        description: "How many levels of folders are listed; 1 for the folder alone.",
        type: "integer",
        minimum: 1,
        maximum: 20,
      },
      glob: {
        description: "Only files whose path below the folder matches, such as **/*.ts.",
        type: "string",
        minLength: 1,
        maxLength: 500,
      },
    },
    additionalProperties: false,
  },
  search_files: {
    type: "object",
    properties: {
      query: {
        type: "string",
        minLength: 1,
        maxLength: 500,
        description: "The text to look for; with regex, a regular expression for one line.",
      },
      path: { default: ".", description: "Folder to look in, or one file.", type: "string", maxLength: 1000 },
      regex: {
        default: false,
        description: "The query is a regular expression (RE2: no look-around, no back-references).",
        type: "boolean",
      },
      ignore_case: { default: false, description: "Upper and lower case are the same.", type: "boolean" },
      glob: {
        description: "Only files whose path below the folder matches, such as **/*.ts.",
        type: "string",
        minLength: 1,
        maxLength: 500,
      },
      context_lines: {
        default: 0,
        description: "Lines shown before and after each match.",
        type: "integer",
        minimum: 0,
        maximum: 10,
      },
      files_only: {
        default: false,
        description: "Only the paths of the files that have a match.",
        type: "boolean",
      },
      with_ignored: {
        default: false,
        description: "Search what ignore files (.gitignore, .ignore) name, too.",
        type: "boolean",
      },
    },
    required: ["query"],
    additionalProperties: false,
  },
  symbols: {
    type: "object",
    properties: {
      query: {
        default: "",
        description:
          "Part of the symbol's name. Required without a path; with one, it filters the file's symbols.",
        type: "string",
        maxLength: 200,
      },
      path: {
        description: "File of the project whose symbols are listed. Absent: the whole project is searched.",
        type: "string",
        maxLength: 1000,
      },
    },
    additionalProperties: false,
  },
  find_references: {
    type: "object",
    properties: {
      path: {
        type: "string",
        minLength: 1,
        maxLength: 1000,
        description: "Path relative to the project, with forward slashes.",
      },
      line: {
        type: "integer",
        minimum: 1,
        maximum: 9007199254740991,
        description: "Line in which the symbol stands, from 1.",
      },
      symbol: {
        type: "string",
        minLength: 1,
        maxLength: 200,
        description: "The symbol's name as it stands in that line.",
      },
    },
    required: ["path", "line", "symbol"],
    additionalProperties: false,
  },
  diagnostics: {
    type: "object",
    properties: {
      path: {
        description: "File of the project. Absent: every file that VS Code's extensions have checked.",
        type: "string",
        maxLength: 1000,
      },
      severity: {
        default: "warning",
        description: "The least severe ones that are shown; hint shows all.",
        type: "string",
        enum: ["error", "warning", "info", "hint"],
      },
    },
    additionalProperties: false,
  },
  read_skill: {
    type: "object",
    properties: {
      name: { type: "string", minLength: 1, maxLength: 200, description: "The skill's name." },
      path: {
        default: "SKILL.md",
        description: "A file of the skill, relative to its folder; its instructions unless given.",
        type: "string",
        minLength: 1,
        maxLength: 1000,
      },
      start_line: {
        description: "First line to read, from 1.",
        type: "integer",
        minimum: 1,
        maximum: 9007199254740991,
      },
      end_line: {
        description: "Last line to read, included.",
        type: "integer",
        minimum: 1,
        maximum: 9007199254740991,
      },
    },
    required: ["name"],
    additionalProperties: false,
  },
  write_file: {
    type: "object",
    properties: {
      path: {
        type: "string",
        minLength: 1,
        maxLength: 1000,
        description: "Path relative to the project, with forward slashes.",
      },
      content: { type: "string", description: "The whole new content of the file." },
      executable: {
        default: false,
        description: "The file is a script that may be executed; one that may be already stays so.",
        type: "boolean",
      },
    },
    required: ["path", "content"],
    additionalProperties: false,
  },
  edit_file: {
    type: "object",
    properties: {
      path: {
        type: "string",
        minLength: 1,
        maxLength: 1000,
        description: "Path relative to the project, with forward slashes.",
      },
      old_text: {
        type: "string",
        minLength: 1,
        description: "The exact text to replace; it must occur once.",
      },
      new_text: { type: "string", description: "What stands there instead." },
      replace_all: { default: false, description: "Replace every occurrence.", type: "boolean" },
      edits: {
        description: "Several edits of the file, in order, all or none; in place of old_text and new_text.",
        minItems: 1,
        maxItems: 100,
        type: "array",
        items: {
          type: "object",
          properties: {
            old_text: {
              type: "string",
              minLength: 1,
              description: "The exact text to replace; it must occur once.",
            },
            new_text: { type: "string", description: "What stands there instead." },
            replace_all: { default: false, description: "Replace every occurrence.", type: "boolean" },
          },
          required: ["old_text", "new_text"],
          additionalProperties: false,
        },
      },
    },
    required: ["path"],
    additionalProperties: false,
  },
  move_file: {
    type: "object",
    properties: {
      from: {
        type: "string",
        minLength: 1,
        maxLength: 1000,
        description: "The file as it is now, relative to the project.",
      },
      to: {
        type: "string",
        minLength: 1,
        maxLength: 1000,
        description: "Where it goes, relative to the project; no file may be there.",
      },
    },
    required: ["from", "to"],
    additionalProperties: false,
  },
  delete_file: {
    type: "object",
    properties: {
      path: {
        type: "string",
        minLength: 1,
        maxLength: 1000,
        description: "Path relative to the project, with forward slashes.",
      },
    },
    required: ["path"],
    additionalProperties: false,
  },
  update_notes: {
    type: "object",
    properties: {
      set: {
        type: "object",
        propertyNames: { type: "string", pattern: "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$" },
        additionalProperties: { anyOf: [{ type: "string", maxLength: 4000 }, { type: "null" }] },
        description: "Note keys to their new texts; null removes a note.",
      },
    },
    required: ["set"],
    additionalProperties: false,
  },
  set_verdict: {
    type: "object",
    properties: {
      verdict: {
        type: "string",
        minLength: 1,
        maxLength: 64,
        description: "One of the words that the step allows.",
      },
      reason: { description: "Why, in a few sentences.", type: "string", maxLength: 4000 },
    },
    required: ["verdict"],
    additionalProperties: false,
  },
  set_result: {
    type: "object",
    propertyNames: { type: "string" },
    additionalProperties: { $ref: "#/definitions/__schema0" },
    definitions: {
      __schema0: {
        anyOf: [
          { type: "string" },
          { type: "number" },
          { type: "boolean" },
          { type: "null" },
          { type: "array", items: { $ref: "#/definitions/__schema0" } },
          {
            type: "object",
            propertyNames: { type: "string" },
            additionalProperties: { $ref: "#/definitions/__schema0" },
          },
        ],
      },
    },
  },
};
