import assert from "node:assert/strict";
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { readMaterials, readMaterialsOf } from "../../../src/app/project/materials";
import type { FileTree } from "../../../src/app/project/project-files";
import { sha256Bytes } from "../../../src/adapters/system/sha256";
import { maxSkillFileBytes, maxSkillFiles } from "../../../src/engine/model/pinned";
import type { FolderMaterial, Material } from "../../../src/language";
import { temporaryFolder } from "../../fakes/session";

type Folder = Awaited<ReturnType<typeof temporaryFolder>>;

describe("what a Band names beside the definition files, read from the disk", () => {
  let outside: Folder;
  let project: string;

  beforeEach(async () => {
    outside = await temporaryFolder();
    project = path.join(outside.path, "project");
    mkdirSync(path.join(project, "skills/pdf/scripts"), { recursive: true });
    mkdirSync(path.join(project, "docs"));
    writeFileSync(path.join(project, "skills/pdf/SKILL.md"), "---\nname: pdf\ndescription: x\n---\nDo it.\n");
    writeFileSync(path.join(project, "skills/pdf/scripts/run.sh"), "echo\n");
    writeFileSync(path.join(outside.path, "outside.md"), "secret\n");
  });
  afterEach(() => outside.remove());

  const file = async (place: string, allow: readonly string[] = []): Promise<Material | undefined> =>
    (await readMaterials(project, { files: [place], folders: [], allow })).files.get(place);
  const folder = async (place: string): Promise<FolderMaterial | undefined> =>
    (await readMaterials(project, { files: [], folders: [place], allow: [] })).folders.get(place);
  const why = (material: Material | FolderMaterial | undefined): string =>
    material?.kind === "refused" ? material.why : (material?.kind ?? "nothing");

  it("is text with LF and without a byte order mark, with the digest of the bytes", async () => {
    const bytes = Buffer.from("\ufeffOne.\r\nTwo.\r\n");
    writeFileSync(path.join(project, "AGENTS.md"), bytes);
    const read = await file("AGENTS.md");
    assert.deepEqual(read, {
      kind: "text",
      text: "One.\nTwo.\n",
      bytes: bytes.length,
      sha256: sha256Bytes(bytes),
    });
    writeFileSync(path.join(project, "bytes.md"), Buffer.from([0xff, 0x00]));
    assert.equal((await file("bytes.md"))?.kind, "bytes");
    assert.equal((await file("none.md"))?.kind, "missing");
    assert.equal(why(await file("docs")), "It is a folder.");
  });

  it("never comes through a link out of the project, nor from a file with a second name", async () => {
    symlinkSync(path.join(outside.path, "outside.md"), path.join(project, "AGENTS.md"));
    symlinkSync(outside.path, path.join(project, "docs/out"));
    linkSync(path.join(outside.path, "outside.md"), path.join(project, "hard.md"));
    assert.match(why(await file("AGENTS.md")), /leads out of its space/);
    assert.match(why(await file("docs/out/outside.md")), /leads out of its space/);
    assert.match(why(await file("hard.md")), /hard links/);
    assert.match(why(await folder("docs/out")), /leads out of its space/);
    assert.equal((await file("hard.md", ["hard.md"]))?.kind, "text");
  });

  it("is no file that usually holds secrets, unless a policy lists it", async () => {
    writeFileSync(path.join(project, ".env"), "A=1\n");
    assert.match(why(await file(".env")), /usually holds secrets/);
    assert.equal((await file(".env", [".env"]))?.kind, "text");
  });

  it("is, of a skill, every file inside its folder, and nothing to which a link leads out of it", async () => {
    writeFileSync(path.join(project, "docs/notes.md"), "notes\n");
    symlinkSync(path.join(project, "docs/notes.md"), path.join(project, "skills/pdf/notes.md"));
    symlinkSync(path.join(project, "docs"), path.join(project, "skills/pdf/docs"));
    writeFileSync(path.join(project, "skills/pdf/.env"), "A=1\n");
    const read = await folder("skills/pdf");
    assert.ok(read?.kind === "folder");
    assert.deepEqual([...read.files.keys()], ["SKILL.md", "scripts/run.sh"]);
  });

  it("leaves out a file of a skill that is too large, and refuses a skill of too many files", async () => {
    writeFileSync(path.join(project, "skills/pdf/large.md"), "x".repeat(maxSkillFileBytes + 1));
    const read = await folder("skills/pdf");
    assert.ok(read?.kind === "folder");
    assert.deepEqual(read.leftOut, ["large.md"]);
    for (let index = 0; index < maxSkillFiles; index += 1)
      writeFileSync(path.join(project, "skills/pdf", `f${index}.md`), "x");
    assert.match(why(await folder("skills/pdf")), /more than 200 files/);
  });

  it("is the same from a folder that is not on the disk, where no link is followed either", async () => {
    const entries: Readonly<Record<string, Awaited<ReturnType<FileTree["list"]>>>> = {
      "": [
        { name: "AGENTS.md", kind: "file" },
        { name: "skills", kind: "folder" },
        { name: "out", kind: "other" },
      ],
      skills: [{ name: "pdf", kind: "folder" }],
      "skills/pdf": [
        { name: "SKILL.md", kind: "file" },
        { name: "link.md", kind: "other" },
        { name: "more", kind: "folder" },
      ],
      "skills/pdf/more": [{ name: "a.md", kind: "file" }],
    };
    const tree: FileTree = {
      list: (place) => Promise.resolve(entries[place] ?? []),
      read: (place) => Promise.resolve(Buffer.from(`text of ${place}`)),
    };
    const wanted = { files: ["AGENTS.md", "none.md", "out/x.md"], folders: ["skills/pdf", "out"], allow: [] };
    const { files, folders } = await readMaterialsOf(tree, wanted);
    assert.deepEqual(
      [...files.values()].map((one) => (one.kind === "text" ? one.text : one.kind)),
      ["text of AGENTS.md", "missing", "refused"],
    );
    const skill = folders.get("skills/pdf");
    assert.ok(skill?.kind === "folder");
    assert.deepEqual([...skill.files.keys()], ["SKILL.md", "more/a.md"]);
    assert.equal(folders.get("out")?.kind, "refused");
  });
});
