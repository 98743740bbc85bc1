import { secretValuePattern } from "../../engine/model/command";
import type { CommandSpec, CommandTable } from "../../engine/model/command";

/** An argument for display: quoted where it would not be recognized as one. */
function argument(text: string): string {
  return /^[\w./:=@%+,{}-]+$/.test(text) ? text : JSON.stringify(text);
}

/** The description of one command, line by line: everything that the user agrees to. */
export function commandFacts(spec: CommandSpec): readonly (readonly [label: string, text: string])[] {
  const outside = spec.effects === "outside";
  const secrets = Object.entries(spec.env).flatMap(([name, value]) => {
    const secret = secretValuePattern.exec(value)?.[1];
    return [secret === undefined ? name : `${name} (the secret ${secret})`];
  });
  return [
    ["runs", spec.argv.map(argument).join(" ")],
    ...(spec.description === undefined ? [] : [["is for", spec.description] as const]),
    ...(secrets.length === 0 ? [] : [["variables", secrets.join(", ")] as const]),
    ...(spec.stdin === undefined ? [] : [["reads", "text of the session, on its standard input"] as const]),
    ["network", spec.network === "allowed" ? "ALLOWED" : "none"],
    ["writes", writesText(spec)],
    ["effects", outside ? "OUTSIDE: asked for each time, after an acceptance" : "none"],
    ["isolation", isolationText(spec)],
    ["time", `${spec.timeout_seconds} s at most`],
  ];
}

function writesText({ effects, writes }: CommandSpec): string {
  if (effects === "outside") return "THE PROJECT ITSELF";
  return writes.length === 0 ? "nothing that is kept" : `${writes.join(", ")} (proposed, for you to accept)`;
}

function isolationText({ effects, isolation, image = "none that is named" }: CommandSpec): string {
  if (effects === "outside") return "none";
  if (isolation === "container") return `a container of the image ${image}`;
  return isolation === "sandbox" ? "sandbox" : "a copy of the files where there is no sandbox";
}

/**
 * What a requested command would run, fact by fact.
 * @param shows the input of the question's digest.
 * @param spec the command in the Flow's table; undefined where it is no longer known.
 */
export function askedCommandFacts(
  shows: string,
  spec: CommandSpec | undefined,
): readonly (readonly [label: string, text: string])[] {
  const { argv, env, stdin, network, effects, accepted = [] } = JSON.parse(shows) as Asked;
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const facts: readonly (readonly [label: string, text: string])[] = [
    ["runs", argv.map(argument).join(" ")],
    ["variables", variables.join(", ")],
    ["network", network === "allowed" ? "ALLOWED" : "none"],
    ["effects", effects === "outside" ? "OUTSIDE: it works on the project itself" : "none"],
    ["accepted", accepted.map(([path]) => path).join(", ")],
    ...(spec === undefined
      ? []
      : ([
          ["isolation", isolationText(spec)],
          ["writes", writesText(spec)],
          ["time", `${spec.timeout_seconds} s at most`],
        ] as const)),
    ["reads", stdin ?? ""],
  ];
  return facts.filter(([, text]) => text !== "");
}

/** The same as lines of plain text. */
export function askedCommandLines(shows: string, spec: CommandSpec | undefined): string[] {
  return askedCommandFacts(shows, spec).flatMap(([label, text]) =>
    label === "reads"
      ? [label, ...text.split("\n").map((line) => `  ${line}`)]
      : [`${label.padEnd(10)}${text}`],
  );
}

/** As the engine writes it (`askCommand`). */
interface Asked {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly network: "none" | "allowed";
  readonly effects: "none" | "outside";
  readonly accepted?: readonly (readonly [path: string, sha256: string | null])[];
}

/** The table as plain text, a paragraph for each command. */
export function commandTableLines(table: CommandTable): string[] {
  return Object.entries(table).flatMap(([name, spec], index) => [
    ...(index === 0 ? [] : [""]),
    name,
    ...commandFacts(spec).map(([label, text]) => `  ${label.padEnd(10)}${text}`),
  ]);
}
