/*
 * A host that runs one command and can be killed: started as a process of its own, with what it needs as JSON in its
 * first argument. It prints what the command prints.
 */
import { NodeCommandRunner } from "../../../src/adapters/command/runner";
import { CancelSource } from "../../../src/engine/port/cancellation";
import type { CommandSpec } from "../../../src/engine/model/command";
import type { RunnerOptions } from "../../../src/adapters/command/runner";

/** What such a host runs. */
export interface HostWork {
  readonly options: Pick<RunnerOptions, "workDomain" | "cache" | "sandbox">;
  readonly spec: CommandSpec;
}

async function main({ options, spec }: HostWork): Promise<void> {
  const runner = new NodeCommandRunner({
    ...options,
    policy: { read_scope: ["domain"], write_scope: ["workspace"], allow: [] },
    secret: () => Promise.reject(new Error("There are none.")),
    agreed: () => Promise.resolve(undefined),
  });
  const { end } = await runner.run(
    {
      run: "host",
      name: "host",
      spec,
      argv: spec.argv,
      env: {},
      overlay: [],
      read: () => Promise.reject(new Error()),
    },
    ({ text }) => process.stdout.write(text),
    new CancelSource(),
  );
  process.stdout.write(`${JSON.stringify(end)}\n`);
}

if (require.main === module) void main(JSON.parse(process.argv[2] ?? "") as HostWork);
