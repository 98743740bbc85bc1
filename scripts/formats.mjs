/* The written part of docs/formats.md, and the tables that are generated from the schemas. */

const intro = `# Formats

What Orket reads and writes, and what scripts may depend on: the definition files, placeholders, tools, events and the
session's folder. Made by \`npm run generate\` from the schemas that Orket itself reads with; do not edit this page.

## Definition files

YAML: \`NAME.flow.yaml\`, \`NAME.band.yaml\`, \`NAME.venue.yaml\`, \`NAME.score.yaml\`; \`.yml\` and \`.json\` are read the same
way. An unknown key is an error. A reference is a \`name\`, looked up among the project's files of that kind, or a path
relative to the file, ending in \`.yaml\`, \`.yml\` or \`.json\`. JSON Schemas of all of them are in [schemas](../schemas); what
can be wrong is in [diagnostics.md](diagnostics.md).
`;

const placeholders = `## Placeholders

A role's \`prompt\` and a step's \`instruction\` are templates. A placeholder stands on one line; spaces inside of the braces do
not matter. A literal \`{{\` is written \`\\{{\`. What comes out of a placeholder is never expanded again.
`;

const tools = `## Tools

A role calls only the tools that its Band lists. In VS Code, \`vscode:NAME\` names a tool that another extension or an MCP
server registered: Orket cannot bound what it does, so each call is asked for, unless the Flow lists the tool under
\`policy.foreign_tools\` ([file policy](file-policy.md#foreign-tools)). Paths are relative to the project; writing goes to the session's workspace, and a person brings files
into the project. A role with \`skills\` has the tool \`read_skill\` without being given it ([roles](roles.md#skills)).

A model without native tool calls writes a JSON object, \`{"tool": "NAME", "args": {…}}\`, or a block. A short value, a number
or \`true\` stands behind the colon; a long text takes the lines up to \`END\` and its name. The name may be left out for the last
long text, and where another argument follows:

\`\`\`
TOOL: edit_file
PATH: src/a.ts
REPLACE_ALL: true
OLD_TEXT:
the lines to replace
END OLD_TEXT
NEW_TEXT:
the lines that stand there instead
END NEW_TEXT
END
\`\`\`
`;

const events = `## Events

A session's journal is the truth: one event a line, appended and never changed. Every line has \`seq\` (from 0, without a gap),
\`at\` (UTC), \`type\`, \`step\` (the step's run, such as \`build#2\`, or null), \`data\` and \`prev\` (SHA-256 of the line before).
Contents of more than 1,024 bytes stand in the file \`contents\` beside it, each once; the line keeps their digest and length.
`;

const folder = `## The session's folder

\`\`\`
.orket/sessions/<session-id>/
  definition.json     the resolved Flow, Band, Venue, Score, inputs and policy: a run reads nothing else
  journal.jsonl       the events
  contents            prompts, replies and file contents that are too long for a line: {"sha256","bytes","after"}, then the bytes; with "parts", a list of texts and of other contents
  workspace/          the artifacts, as ordinary files
  lock                who writes: process, machine, program, since when
  head.json           where the journal and the contents ended when it was last closed
  journal.idx         for fast opening; made again when it is missing or wrong
  first-screen.json   what the session panel shows first; made again when it is missing or wrong
  label.json          the session's title, if it has one
  proof.json          what was shown of it, replayed or repeated; it counts for the user and machine that saw it
  shown.json          what orket diff printed last of each proposal, by digest: an acceptance is about what was shown
  drafts/             a person's own versions of proposals, as ordinary files
.orket/blobs/sha256/  the same of sessions that Orket 0.1.0 wrote, a file each, named by their digest
.orket/provenance/PATH.json  which session, step and model wrote the accepted lines of a file
.orket/trash/         sessions that are being deleted
.orket/prune.lock     while unused contents are removed
.orket/capabilities.json  what was found out of the project's Venues; made again by trying them out
.orket/calibration.json   tokens for each byte of a prompt, as the models' servers counted them; made again by running
\`\`\`

While a session is written, its journal ends in zeros that the next lines take the place of; closing takes them back. A
reader stops at the last line feed before them.

A session's id is its start (UTC), the Flow's name and four characters: \`2026-11-22T10-15-03Z-shapes-k3f9\`. The schema of
\`definition.json\` is [schemas/definition.schema.json](../schemas/definition.schema.json), that of an event
[schemas/event.schema.json](../schemas/event.schema.json).
`;

/** A sentence of a schema as Markdown: placeholders and the like are code. */
function plain(text) {
  return text
    .replaceAll("\n", " ")
    .replace(/\{\{[^}]*\}\}/g, "`$&`")
    .replaceAll("<", "&lt;");
}

function typeOf(schema) {
  if (schema === undefined || schema === true) return "any value";
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(", ");
  const options = schema.anyOf ?? schema.oneOf;
  if (options !== undefined) return [...new Set(options.map(typeOf))].join(" or ");
  if (schema.$ref !== undefined) return schema.$ref === "#" ? "the same" : "a step, `loop` or `parallel`";
  switch (schema.type) {
    case "array":
      return `list of ${typeOf(schema.items)}`;
    case "object":
      return "keys and values";
    case "string":
      return "text";
    case "integer":
      return "whole number";
    case "number":
    case "boolean":
    case "null":
      return schema.type === "boolean" ? "true or false" : schema.type;
    default:
      return Array.isArray(schema.type) ? schema.type.join(" or ") : "any value";
  }
}

/** Rows for a schema's keys, nested keys after them. Recursion ends where a schema refers to itself. */
function rows(schema, root, before = "", seen = []) {
  const here = schema?.$ref?.startsWith("#/definitions/") ? root.definitions[schema.$ref.slice(14)] : schema;
  if (here === undefined || here === true || seen.includes(here)) return [];
  const within = [...seen, here];
  const options = here.anyOf ?? here.oneOf;
  if (options !== undefined) return options.flatMap((one) => rows(one, root, before, within));
  if (here.type === "array") return rows(here.items, root, `${before}[]`, within);
  if (here.properties === undefined) {
    const values = here.additionalProperties;
    return typeof values === "object" ? rows(values, root, `${before}.NAME`, within) : [];
  }
  return Object.entries(here.properties).flatMap(([key, value]) => {
    const name = before === "" ? key : `${before}.${key}`;
    const required = here.required?.includes(key)
      ? ", required"
      : value.default === undefined
        ? ""
        : `, default \`${JSON.stringify(value.default)}\``;
    const about = value.description === undefined ? "" : `: ${plain(value.description)}`;
    return [`- \`${name}\` (${typeOf(value)}${required})${about}`, ...rows(value, root, name, within)];
  });
}

function list(schema) {
  return [...new Set(rows(schema, schema))].join("\n");
}

/** What a tool does to files, as the policy sees it. */
const touched = {
  read: "Reads files.",
  write: "Changes files.",
  none: "Touches no file.",
};

export function formatsPage({ schemas, fileKinds, tools: toolTable, placeholderForms, eventData }) {
  const parts = [intro];
  for (const [kind, { label }] of Object.entries(fileKinds)) {
    const schema = schemas[`schemas/${kind}.schema.json`];
    const title = label.charAt(0).toUpperCase() + label.slice(1);
    parts.push(`### ${title}: \`*.${kind}.yaml\``, schema.description ?? "", list(schema));
  }
  parts.push(placeholders);
  parts.push(placeholderForms.map(({ form, description }) => `- \`{{${form}}}\`: ${description}`).join("\n"));
  parts.push(tools);
  for (const [name, { description, touches, editorOnly, schema }] of Object.entries(toolTable))
    parts.push(
      `### ${name}`,
      `${description} ${touched[touches]}${editorOnly === true ? " Only in VS Code." : ""}`,
      list(schema),
    );
  parts.push(events);
  for (const [type, schema] of Object.entries(eventData)) parts.push(`### ${type}`, list(schema));
  parts.push(folder);
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}
