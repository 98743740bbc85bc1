import assert from "node:assert/strict";
import { containerArguments, environmentFile } from "../../../src/adapters/command/container-arguments";
import type { ContainerParts } from "../../../src/adapters/command/container-arguments";
import { containerEnd } from "../../../src/adapters/command/container";
import { problemOf, readInfo } from "../../../src/adapters/command/container-engine";
import { readImage } from "../../../src/adapters/command/container-image";
import { commandBounds } from "../../../src/adapters/command/bounds";
import type { CommandEnd } from "../../../src/engine/model/command";

const id = `sha256:${"a".repeat(64)}`;
const docker: ContainerParts["engine"] = {
  kind: "docker",
  rootless: false,
  remaps: false,
  selinux: false,
  limitsSwap: true,
};
const parts: ContainerParts = {
  engine: docker,
  image: { name: "python:3.12", id, volumes: [] },
  name: "orket-7-abc",
  place: "0123",
  view: "/home/me/.cache/orket/views/x/copy-0/tree",
  home: "/home/me/.cache/orket/views/x/runs/7-abc/home",
  variables: ["KEY"],
  network: false,
  memoryBytes: 1000,
  processes: 50,
  user: { uid: 1000, gid: 1001 },
  argv: ["python3", "-m", "unittest", "--", "--privileged"],
};
const without = (args: readonly string[], more: readonly string[]): string[] =>
  args.filter((argument) => !more.includes(argument));

describe("The arguments that start a container", () => {
  const plain = containerArguments(parts);

  it("give it the view and nothing else of the machine, with docker", () => {
    assert.deepEqual(
      plain.filter((argument) => !/^--env=/.test(argument)),
      [
        "run",
        "--interactive",
        "--init",
        "--name=orket-7-abc",
        "--label=orket.place=0123",
        "--pull=never",
        "--network=none",
        "--read-only",
        "--tmpfs=/tmp:rw,exec,nosuid,nodev,size=512m,mode=1777",
        "--tmpfs=/var/tmp:rw,exec,nosuid,nodev,size=512m,mode=1777",
        "--cap-drop=ALL",
        "--security-opt=no-new-privileges",
        "--ipc=private",
        "--shm-size=268435456",
        "--pids-limit=50",
        "--memory=1000",
        "--memory-swap=1000",
        "--user=1000:1001",
        "--no-healthcheck",
        "--log-driver=none",
        "--mount=type=bind,source=/home/me/.cache/orket/views/x/copy-0/tree,target=/work",
        "--mount=type=bind,source=/home/me/.cache/orket/views/x/runs/7-abc/home,target=/home/orket",
        "--workdir=/work",
        "--env-file=environment",
        "--entrypoint=python3",
        id,
        "-m",
        "unittest",
        "--",
        "--privileged",
      ],
    );
  });

  it("add no proxy of the docker client's settings, unless the Flow gives the variable", () => {
    const given = (args: readonly string[]): number => args.filter((one) => /^--env=.*=$/.test(one)).length;
    assert.equal(given(plain), 10);
    const args = containerArguments({ ...parts, variables: ["HTTP_PROXY", "https_proxy"] });
    assert.equal(given(args), 8);
    assert.ok(!args.includes("--env=HTTP_PROXY="));
  });

  it("differ by what the engine is", () => {
    const differ = (more: Partial<ContainerParts>): [removed: string[], added: string[]] => {
      const args = containerArguments({ ...parts, ...more });
      return [without(plain, args), without(args, plain)];
    };
    const engine = (facts: Partial<ContainerParts["engine"]>): Partial<ContainerParts> => ({
      engine: { ...docker, ...facts },
    });
    assert.deepEqual(differ({ network: true }), [["--network=none"], []]);
    assert.deepEqual(differ(engine({ rootless: true })), [["--user=1000:1001"], ["--user=0:0"]]);
    assert.deepEqual(differ(engine({ remaps: true })), [[], ["--userns=host"]]);
    assert.deepEqual(differ(engine({ selinux: true })), [[], ["--security-opt=label=disable"]]);
    assert.deepEqual(differ(engine({ limitsSwap: false })), [["--memory-swap=1000"], []]);
    const [removed, added] = differ(engine({ kind: "podman", rootless: true }));
    assert.ok(
      removed.every((argument) => /^--env=.*_proxy=$/i.test(argument) || argument === "--entrypoint=python3"),
    );
    assert.deepEqual(added, [
      "--userns=keep-id",
      "--http-proxy=false",
      "--stop-timeout=0",
      '--entrypoint=["python3"]',
    ]);
    assert.deepEqual(differ({ image: { ...parts.image, volumes: ["/data"] } }), [
      [],
      ["--tmpfs=/data:rw,exec,nosuid,nodev,size=512m,mode=1777"],
    ]);
  });

  it("name folders of Windows, and names with commas and quotes, as one field", () => {
    const mounts = (more: Partial<ContainerParts>): string[] =>
      containerArguments({ ...parts, ...more }).filter((one) => /target=\/work|--user/.test(one));
    assert.deepEqual(mounts({ view: "C:\\Users\\A B\\AppData\\Local\\orket\\tree", user: undefined }), [
      "--user=1000:1000",
      "--mount=type=bind,source=C:\\Users\\A B\\AppData\\Local\\orket\\tree,target=/work",
    ]);
    assert.deepEqual(mounts({ view: '/tmp/a,readonly,"b"' }), [
      "--user=1000:1001",
      '--mount=type=bind,"source=/tmp/a,readonly,""b""",target=/work',
    ]);
  });

  it("cannot be extended by what the command runs", () => {
    const args = containerArguments({ ...parts, argv: ["--privileged", "--volume=/:/host"] });
    const at = args.indexOf(id);
    assert.deepEqual(args.slice(at - 1), ["--entrypoint=--privileged", id, "--volume=/:/host"]);
    const strange = containerArguments({
      ...parts,
      engine: { ...docker, kind: "podman" },
      argv: ['["sh","-c","x"]'],
    });
    assert.ok(strange.includes('--entrypoint=["[\\"sh\\",\\"-c\\",\\"x\\"]"]'));
  });
});

describe("The variables of a container", () => {
  it("are one a line, and never read as something else", () => {
    assert.deepEqual(environmentFile({ A: "1 # x", B: '"q" $HOME\t', C: "" }), {
      text: 'A=1 # x\nB="q" $HOME\t\nC=\n',
    });
  });

  it("are refused where a line cannot hold them", () => {
    for (const value of ["a\nDOCKER=1", "a\r", "a\0", "é".repeat(30_001)])
      assert.deepEqual(environmentFile({ A: "x", B: value }), { unfit: "B" });
  });
});

describe("What a container engine says", () => {
  const answer = {
    ServerVersion: "28.0.0",
    OSType: "linux",
    MemoryLimit: true,
    PidsLimit: true,
    SwapLimit: false,
    SecurityOptions: ["name=seccomp,profile=builtin", "name=rootless", "name=cgroupns"],
  };

  it("about itself decides how it is used", () => {
    assert.deepEqual(readInfo(JSON.stringify(answer)), {
      kind: "docker",
      version: "28.0.0",
      rootless: true,
      remaps: false,
      selinux: false,
      limitsSwap: false,
    });
    const podman = {
      host: { cgroupControllers: ["memory", "pids"], security: { rootless: true, selinuxEnabled: true } },
      version: { Version: "5.1.0" },
    };
    assert.deepEqual(readInfo(JSON.stringify(podman)), {
      kind: "podman",
      version: "5.1.0",
      rootless: true,
      remaps: false,
      selinux: true,
      limitsSwap: true,
    });
  });

  it("is a reason not to use it where it cannot limit, runs other systems, or has no daemon", () => {
    const problem = (value: unknown): string => {
      const read = readInfo(typeof value === "string" ? value : JSON.stringify(value));
      return "problem" in read ? read.problem : "none";
    };
    assert.match(problem({ ...answer, MemoryLimit: false }), /cannot limit/);
    assert.match(problem({ ...answer, PidsLimit: false }), /cannot limit/);
    assert.match(problem({ ...answer, OSType: "windows" }), /Linux containers/);
    assert.match(
      problem({
        host: { cgroupControllers: [], security: { rootless: true } },
        version: { Version: "4.3.1" },
      }),
      /cannot limit/,
    );
    const down = { ServerVersion: "", ServerErrors: ["Cannot connect to the Docker daemon"] };
    assert.equal(problem(down), "Cannot connect to the Docker daemon");
    assert.match(problem("<html>"), /not JSON/);
    assert.match(problem({}), /did not answer/);
  });

  it("about an image is read strictly", () => {
    const image = (facts: object): string => {
      const read = readImage("a:1", JSON.stringify({ Id: id, Os: "linux", ...facts }));
      return "message" in read ? read.message : `${read.id} ${read.volumes.join()}`;
    };
    assert.equal(image({ Config: { Volumes: { "/data": {}, "/var/lib/x": {} } } }), `${id} /data,/var/lib/x`);
    assert.equal(image({ Id: "a".repeat(64), Config: null }), `${id} `);
    assert.match(image({ Os: "windows" }), /only images of Linux/);
    assert.match(image({ Id: "--privileged" }), /cannot be read/);
    for (const volume of ["/work", "/work/x", "/a:exec", "/a,b", "relative", "/a/../work", "/proc/x"])
      assert.match(image({ Config: { Volumes: { [volume]: {} } } }), /cannot be isolated/, volume);
    assert.ok("id" in readImage("a:1", JSON.stringify([{ Id: id, Os: "linux" }])));
    assert.ok("message" in readImage("a:1", "[]"));
  });

  it("about a failure is its last line, without what is said at every failure", () => {
    assert.equal(
      problemOf("docker: Cannot connect.\n\nRun 'docker run --help' for more information\n"),
      "Cannot connect.",
    );
    assert.equal(problemOf("Error: no such file\n"), "no such file");
    assert.equal(problemOf(""), "it said nothing");
  });
});

describe("The end of a container", () => {
  const ran = { OOMKilled: false, Error: "", StartedAt: "2026-01-01T00:00:00Z" };
  const about = { program: "pytest", image: "a:1", bounds: commandBounds };
  const exited = (code: number): CommandEnd => ({ kind: "exited", code });
  const end = (code: number, state: Parameters<typeof containerEnd>[1], output: string): CommandEnd =>
    containerEnd(exited(code), state, output, about);

  it("is the command's own, whatever its exit code", () => {
    for (const code of [1, 125, 126, 127]) assert.deepEqual(end(code, ran, "Error: x\n"), exited(code));
    assert.equal(end(137, { ...ran, OOMKilled: true }, "").kind, "bound");
  });

  it("is that nothing was started, where there is no container, it never ran, or has no such program", () => {
    const message = (one: CommandEnd): string => (one.kind === "not_started" ? one.message : one.kind);
    assert.match(
      message(end(125, undefined, "docker: bind source path does not exist: /x.\n")),
      /does not exist/,
    );
    const never = { ...ran, StartedAt: "0001-01-01T00:00:00Z", Error: "exec format error" };
    assert.match(message(end(126, never, "")), /exec format error/);
    assert.match(
      message(end(127, ran, "[FATAL tini (8)] exec pytest failed: No such file or directory\n")),
      /the image a:1 cannot run 'pytest' \(no such file or directory\)/,
    );
    assert.match(
      message(end(1, ran, "ERROR (catatonit:6): failed to exec pid1: Permission denied\n")),
      /permission denied/,
    );
  });
});
