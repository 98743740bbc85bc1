import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { link, mkdir, mkdtemp, realpath, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { NodeFileSystem } from "../../../src/adapters/files/file-system";
import { NodeGuardedFiles } from "../../../src/adapters/files/guarded-files";
import type { Policy } from "../../../src/engine/model/flow";
import { defined } from "../../../src/engine/model/defined";

const policy: Policy = {
  read_scope: ["workspace", "reference", "domain"],
  write_scope: ["workspace"],
  allow: [],
};
const posix = process.platform !== "win32";

describe("The guard of the project's files", () => {
  let top: string;
  let project: string;

  async function put(file: string, text: string | Uint8Array = "text\n"): Promise<string> {
    const full = path.join(top, file);
    await mkdir(path.dirname(full), { recursive: true });
    await writeFile(full, text);
    return full;
  }

  function guard(
    changes: Partial<Policy> = {},
    more: { references?: string[]; start?: string; fs?: NodeFileSystem } = {},
  ): NodeGuardedFiles {
    return new NodeGuardedFiles({
      workDomain: project,
      startDirectory: more.start ?? project,
      references: more.references ?? [],
      policy: { ...policy, ...changes },
      ...defined({ fs: more.fs }),
    });
  }

  async function outcome(files: NodeGuardedFiles, file: string): Promise<string> {
    const read = await files.read(file, 1_000_000);
    if (read.kind === "file") return Buffer.from(read.bytes).toString();
    return read.kind === "denied" ? `denied ${read.rule}` : "missing";
  }

  async function based(files: NodeGuardedFiles, file: string): Promise<string> {
    const read = await files.base(file);
    if (read.kind === "file") return Buffer.from(read.bytes).toString();
    return read.kind === "denied" ? `denied ${read.rule}` : "missing";
  }

  beforeEach(async () => {
    top = await realpath(await mkdtemp(path.join(tmpdir(), "orket-")));
    project = path.join(top, "project");
    await put("project/src/a.ts", "const a = 1;\n");
    await put("outside/plain.txt", "outside\n");
  });
  afterEach(async () => {
    await rm(top, { recursive: true, force: true });
  });

  it("reads a file of the project by relative path, with either slash, and by absolute path", async () => {
    for (const file of ["src/a.ts", "./src/../src/a.ts", "src\\a.ts", path.join(project, "src/a.ts")]) {
      assert.equal(await outcome(guard(), file), "const a = 1;\n", file);
    }
  });

  it("says missing for what is not there, is a folder, or is too large", async () => {
    assert.equal(await outcome(guard(), "src/b.ts"), "missing");
    assert.equal(await outcome(guard(), "src/a.ts/b"), "missing");
    assert.equal(await outcome(guard(), "src"), "missing");
    const read = await guard().read("src/a.ts", 5);
    assert.ok(read.kind === "missing" && /13 bytes/.test(read.message));
    assert.equal((await guard().read("src/a.ts", 13)).kind, "file");
  });

  it("denies every way out of the project by name", async () => {
    for (const [file, rule] of [
      ["../outside/plain.txt", "outside-spaces"],
      ["src/../../outside/plain.txt", "outside-spaces"],
      [path.join(top, "outside/plain.txt"), "outside-spaces"],
      ["..", "outside-spaces"],
      ["/etc/passwd", "outside-spaces"],
      ["\\\\localhost\\c$\\x", "path-unc"],
      ["src/a.ts::$DATA", "path-stream"],
      ["src/a.ts.", "path-trailing"],
      ["SRC~1/a.ts", "path-short-name"],
      ["src/\0", "path-control"],
    ] as const) {
      assert.equal(await outcome(guard(), file), `denied ${rule}`, file);
    }
  });

  it("does not tell by its answer whether something outside exists", async () => {
    assert.equal(
      await outcome(guard(), "../outside/plain.txt"),
      await outcome(guard(), "../outside/nothing"),
    );
  });

  it("denies .orket, .git and secrets, in any case and form", async () => {
    for (const file of [
      ".git/config",
      "sub/.git/HEAD",
      ".orket/sessions/x",
      ".env",
      "certs/a.pem",
      ".ssh/id_rsa",
    ]) {
      await put(`project/${file}`);
      const answer = await outcome(guard(), file);
      assert.match(answer, /^denied (?:protected-git|protected-orket|secret-file)$/, file);
      assert.equal(await outcome(guard(), file.toUpperCase()), answer, file);
    }
    assert.equal(await outcome(guard(), ".g\u200cit/config"), "denied protected-git");
    assert.equal(await outcome(guard(), "\uff0egit/config"), "denied protected-git");
    assert.equal(await outcome(guard({ allow: [".env"] }), ".env"), "text\n");
    assert.equal(await outcome(guard({ allow: ["**"] }), ".git/config"), "denied protected-git");
  });

  it("follows a link that stays inside, and none that leads out or to something protected", async function () {
    if (!posix) this.skip();
    await put("project/.env", "KEY=1");
    await put("project/.git/config", "[core]");
    await symlink("src/a.ts", path.join(project, "in.ts"));
    await symlink("src", path.join(project, "lib"));
    await symlink("../outside/plain.txt", path.join(project, "out.txt"));
    await symlink(path.join(top, "outside"), path.join(project, "outdir"));
    await symlink(".env", path.join(project, "notes.txt"));
    await symlink(".git", path.join(project, "g"));
    await symlink("loop", path.join(project, "loop"));
    await symlink("nowhere", path.join(project, "dangling"));
    await symlink("/proc/self/root", path.join(project, "magic"));
    for (const [file, expected] of [
      ["in.ts", "const a = 1;\n"],
      ["lib/a.ts", "const a = 1;\n"],
      ["out.txt", "denied link-outside"],
      ["outdir/plain.txt", "denied link-outside"],
      ["outdir", "denied link-outside"],
      ["notes.txt", "denied secret-file"],
      ["g/config", "denied protected-git"],
      ["loop", "denied link-outside"],
      ["dangling", "missing"],
    ] as const) {
      assert.equal(await outcome(guard(), file), expected, file);
    }
    assert.notEqual(await outcome(guard(), "magic/etc/passwd"), "file");
    assert.equal(await based(guard(), "outdir/new.ts"), "denied link-outside");
    assert.equal(await based(guard(), "g/hooks/pre-commit"), "denied protected-git");
    assert.equal(await based(guard(), "dangling"), "denied link-outside");
    assert.equal(await based(guard(), "lib/a.ts"), "const a = 1;\n");
    assert.equal(await based(guard(), "lib/new.ts"), "missing");
  });

  it("denies a file with further names, unless the policy lists it, but takes it as a base", async function () {
    if (!posix) this.skip();
    await link(path.join(top, "outside/plain.txt"), path.join(project, "innocent.txt"));
    assert.equal(await outcome(guard(), "innocent.txt"), "denied hard-link");
    assert.equal(await outcome(guard({ allow: ["innocent.txt"] }), "innocent.txt"), "outside\n");
    const found = await guard().search("outside", ".", 10);
    assert.ok(found.kind === "matches" && found.matches.length === 0);
    assert.equal(await based(guard(), "innocent.txt"), "outside\n");
  });

  it("opens no pipe, socket or device, and does not wait for one", async function () {
    if (!posix) this.skip();
    execFileSync("mkfifo", [path.join(project, "pipe")]);
    await symlink("/dev/zero", path.join(project, "zero"));
    assert.equal(await outcome(guard(), "pipe"), "denied special-file");
    assert.equal(await based(guard(), "pipe"), "denied special-file");
    assert.equal(await outcome(guard(), "zero"), "denied link-outside");
    assert.equal(await outcome(guard({}, { references: ["/dev"] }), "/dev/zero"), "denied special-file");
    const found = await guard().search("x", ".", 10);
    assert.equal(found.kind, "matches");
  });

  it("reads references wherever they are, and follows no link out of them", async function () {
    await put("shared/style.md", "style\n");
    await put("shared/.env", "KEY=1");
    if (posix) await symlink("../outside/plain.txt", path.join(top, "shared/link.txt"));
    const files = guard({}, { references: ["../shared"] });
    assert.equal(await outcome(files, "../shared/style.md"), "style\n");
    assert.equal(await outcome(files, path.join(top, "shared/style.md")), "style\n");
    assert.equal(await outcome(files, "../shared/.env"), "denied secret-file");
    assert.equal(await outcome(files, "../shared/../outside/plain.txt"), "denied outside-spaces");
    if (posix) assert.equal(await outcome(files, "../shared/link.txt"), "denied link-outside");
    const found = await files.search("style", "../shared", 10);
    assert.ok(found.kind === "matches");
    assert.deepEqual(found.matches, [{ path: "../shared/style.md", line: 1, text: "style" }]);
    assert.equal(await based(files, "../shared/style.md"), "denied path-escape");
  });

  it("keeps to the read scope, with references and the start directory of their own", async () => {
    await put("project/docs/style/a.md", "style\n");
    await put("project/docs/b.md", "b\n");
    await put("elsewhere/here.txt", "here\n");
    await put("elsewhere/below/c.txt", "c\n");
    const references = ["docs/style"];
    const files = guard({ read_scope: ["reference"] }, { references, start: path.join(top, "elsewhere") });
    assert.equal(await outcome(files, "docs/style/a.md"), "style\n");
    assert.equal(await outcome(files, "docs/b.md"), "denied read-scope");
    assert.equal(await outcome(files, "src/a.ts"), "denied read-scope");
    assert.equal(await outcome(files, path.join(top, "elsewhere/here.txt")), "here\n");
    assert.equal(await outcome(files, path.join(top, "elsewhere/below/c.txt")), "denied outside-spaces");
    const listed = await files.list(path.join(top, "elsewhere"), 10);
    assert.ok(listed.kind === "dir");
    assert.deepEqual(
      listed.entries.map((one) => one.name),
      ["below", "here.txt"],
    );
    assert.equal((await files.list(path.join(top, "elsewhere/below"), 10)).kind, "denied");
    const found = await files.search("c", path.join(top, "elsewhere"), 10);
    assert.ok(found.kind === "matches" && found.matches.length === 0);
  });

  it("lists a folder in order, without what is protected or leads out, and says when it is cut", async () => {
    await put("project/b.txt", "12345");
    await put("project/.env");
    await put("project/.git/config");
    await put("project/.orket/x");
    await put("project/Z.txt");
    if (posix) {
      await symlink("../outside", path.join(project, "out"));
      await symlink("src", path.join(project, "lib"));
      await symlink(".env", path.join(project, "notes"));
      await put("project/odd:name");
    }
    const listed = await guard().list(".", 100);
    assert.ok(listed.kind === "dir");
    assert.deepEqual(listed.entries, [
      { name: "Z.txt", type: "file", bytes: 5 },
      { name: "b.txt", type: "file", bytes: 5 },
      ...(posix ? [{ name: "lib", type: "dir" }] : []),
      { name: "src", type: "dir" },
    ]);
    assert.equal(listed.truncated, false);
    const cut = await guard().list(".", 1);
    assert.ok(cut.kind === "dir" && cut.truncated && cut.entries.length === 1);
    assert.equal((await guard().list("src/a.ts", 10)).kind, "missing");
    assert.equal((await guard().list(".git", 10)).kind, "denied");
  });

  it("searches text files in order, skipping binary and protected ones and big folders", async () => {
    await put("project/src/b.ts", "x\r\nneedle here\r\nNeedle\nneedle again");
    await put("project/src.txt", "needle");
    await put("project/.env", "needle");
    await put("project/.git/config", "needle");
    await put("project/node_modules/p/i.js", "needle");
    await put("project/bin.dat", Buffer.from("needle\0"));
    const found = await guard().search("needle", ".", 100);
    assert.deepEqual(found, {
      kind: "matches",
      matches: [
        { path: "src.txt", line: 1, text: "needle" },
        { path: "src/b.ts", line: 2, text: "needle here" },
        { path: "src/b.ts", line: 4, text: "needle again" },
      ],
      truncated: false,
    });
    const inside = await guard().search("needle", "node_modules/p", 100);
    assert.ok(inside.kind === "matches" && inside.matches[0]?.path === "node_modules/p/i.js");
    const one = await guard().search("needle", "src/b.ts", 1);
    assert.ok(one.kind === "matches" && one.truncated && one.matches.length === 1);
    assert.equal((await guard().search("needle", ".git", 100)).kind, "denied");
    assert.equal((await guard().search("needle", "nowhere", 100)).kind, "missing");
  });

  it("gives a proposal its base, whatever the read scope is, and none in protected places", async () => {
    const files = guard({ read_scope: [] });
    assert.equal(await based(files, "src/a.ts"), "const a = 1;\n");
    assert.equal(await based(files, "new/deep/b.ts"), "missing");
    assert.equal(await based(files, "src"), "denied is-folder");
    assert.equal(await based(files, "src/a.ts/b.ts"), "denied not-a-folder");
    assert.equal(await based(files, ".vscode/settings.json"), "denied protected-editor");
    assert.equal(await based(files, "x.flow.yaml"), "denied protected-definition");
    assert.equal(await based(files, path.join(project, "src/a.ts")), "denied absolute-path");
  });

  it("finds a file that the disk spells in another form of Unicode", async () => {
    await put(`project/${"é.md".normalize("NFD")}`, "accent");
    assert.equal(await outcome(guard(), "é.md".normalize("NFC")), "accent");
    assert.equal(await outcome(guard(), "é.md".normalize("NFD")), "accent");
  });

  it("reads what it decided about, when the file is replaced by a link in between", async function () {
    if (process.platform !== "linux") this.skip();
    class Racing extends NodeFileSystem {
      override async statHandle(handle: number): ReturnType<NodeFileSystem["statHandle"]> {
        const stat = await super.statHandle(handle);
        if (stat.isFile()) {
          await rename(path.join(project, "src/a.ts"), path.join(project, "src/old.ts")).catch(
            () => undefined,
          );
          await symlink(path.join(top, "outside/plain.txt"), path.join(project, "src/a.ts")).catch(
            () => undefined,
          );
        }
        return stat;
      }
    }
    assert.equal(await outcome(guard({}, { fs: new Racing() }), "src/a.ts"), "const a = 1;\n");
    assert.equal(await outcome(guard(), "src/a.ts"), "denied link-outside");
  });

  it("never lets a link through while links and files change places all the time", async function () {
    if (!posix) this.skip();
    const place = path.join(project, "src/flip");
    let running = true;
    const flipping = (async () => {
      while (running) {
        await symlink(path.join(top, "outside"), `${place}-link`).catch(() => undefined);
        await rename(`${place}-link`, place).catch(() => undefined);
        await rm(place, { force: true, recursive: true });
        await mkdir(place).catch(() => undefined);
        await writeFile(path.join(place, "plain.txt"), "inside\n").catch(() => undefined);
        await rm(place, { force: true, recursive: true });
      }
    })();
    const seen = new Set<string>();
    for (let turn = 0; turn < 1500; turn += 1) {
      seen.add(await outcome(guard(), "src/flip/plain.txt"));
      seen.add(await based(guard(), "src/flip/plain.txt"));
    }
    running = false;
    await flipping;
    assert.ok(!seen.has("outside\n"), [...seen].join(", "));
  }).timeout(30_000);
});
