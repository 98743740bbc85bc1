import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import * as vscode from "vscode";
import { MeshPool } from "../../src/adapters/provider/mesh/mesh-pool";
import { DefinitionItem, LibraryTree } from "../../src/host/trees/library-tree";
import { ProjectIndex } from "../../src/host/project/project-index";
import { MeshNodeItem, MeshRows } from "../../src/host/venues/mesh-rows";
import { closeEditors, replace } from "./editor";
import { until } from "../until";

const textOf = (address: string): string => `version: 1
name: lab
provider: mesh
model: m
nodes:
  - { name: desk, provider: openai, endpoint: "${address}", api_key: secret:lab }
`;

/** A server that lists one model, and remembers whether it was given the key. */
class Machine {
  keys = 0;
  address = "";
  readonly #server = http.createServer((request, response) => {
    if (request.headers.authorization === "Bearer the-key") this.keys += 1;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ data: [{ id: "m" }] }));
  });

  async start(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    this.address = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  stop(): void {
    this.#server.close();
  }
}

describe("the machines of a mesh in the Library", () => {
  const deps = { resolveSecret: (): Promise<string> => Promise.resolve("the-key") };
  const [one, two] = [new Machine(), new Machine()];
  let folder: string;
  let uri: vscode.Uri;
  let index: ProjectIndex;
  let pool: MeshPool;
  let rows: MeshRows;
  let tree: LibraryTree;

  /** The Venue's row as it is given anew. */
  async function venueRow(): Promise<DefinitionItem> {
    for (const kind of await tree.getChildren()) {
      for (const row of await tree.getChildren(kind)) {
        if (row instanceof DefinitionItem && row.id === uri.toString()) return row;
      }
    }
    return assert.fail("the Library has no row of the Venue");
  }
  const addressesIn = ({ mesh }: DefinitionItem): string[] =>
    mesh?.nodes?.map(({ endpoint }) => endpoint) ?? [];
  const known = (): string[] => pool.snapshot().flatMap(({ nodes }) => nodes.map(({ endpoint }) => endpoint));
  /** Does something, and waits until the Library has heard of it. */
  async function told<T>(work: () => Thenable<T>): Promise<void> {
    const heard = new Promise<void>((resolve) => {
      const listening = index.onDidChange(() => {
        listening.dispose();
        resolve();
      });
    });
    await work();
    await heard;
  }

  before(async () => {
    await Promise.all([one.start(), two.start()]);
  });
  beforeEach(() => {
    // One of its own for each test: VS Code remembers files for a while.
    folder = mkdtempSync(path.join(process.env["ORKET_TEST_FOLDER"] ?? "", "lab-"));
    uri = vscode.Uri.file(path.join(folder, "lab.venue.yaml"));
    writeFileSync(uri.fsPath, textOf(one.address));
    index = new ProjectIndex();
    pool = new MeshPool();
    rows = new MeshRows(pool, deps);
    tree = new LibraryTree(index, rows);
    rows.setVisible(true);
    [one.keys, two.keys] = [0, 0];
  });
  afterEach(async () => {
    await closeEditors();
    rows.dispose();
    pool.close();
    index.dispose();
    rmSync(folder, { recursive: true, force: true });
  });
  after(() => {
    one.stop();
    two.stop();
  });

  it("get the key at the address that was saved, not at one that is being typed", async () => {
    await tree.getChildren(await venueRow());
    await until("the machine is asked", () => one.keys > 0);

    const document = await vscode.workspace.openTextDocument(uri);
    await told(() => replace(document, one.address, two.address));
    const typed = await venueRow();
    const [node] = await tree.getChildren(typed);
    assert.ok(node instanceof MeshNodeItem);
    assert.equal(node.node.endpoint, one.address);
    assert.deepEqual(known(), [one.address]);

    await told(() => document.save());
    await tree.getChildren(await venueRow());
    await until("the other machine is asked", () => two.keys > 0);
    assert.deepEqual(known(), [one.address, two.address]);
  });

  it("are not there before a Venue that is being written was saved", async () => {
    writeFileSync(uri.fsPath, "version: 1\nname: lab\nprovider: ollama\nmodel: m\n");
    const document = await vscode.workspace.openTextDocument(uri);
    await told(() => replace(document, document.getText(), textOf(one.address)));
    const typed = await venueRow();
    assert.equal(typed.collapsibleState, vscode.TreeItemCollapsibleState.None);
    assert.deepEqual(await tree.getChildren(typed), []);

    await told(() => document.save());
    const saved = await venueRow();
    assert.equal(saved.collapsibleState, vscode.TreeItemCollapsibleState.Collapsed);
    assert.deepEqual(addressesIn(saved), [one.address]);
  });

  it("are let go when the Venue is none of several machines any more", async () => {
    await tree.getChildren(await venueRow());
    await until("the machine is asked", () => one.keys > 0);
    const mesh = pool.mesh((await venueRow()).mesh?.nodes ?? [], deps);
    assert.ok(!mesh.isIdle);

    const document = await vscode.workspace.openTextDocument(uri);
    await replace(document, document.getText(), "version: 1\nname: lab\nprovider: ollama\nmodel: m\n");
    await told(() => document.save());
    await venueRow();
    assert.ok(mesh.isIdle);
  });

  it("draw their Venue's row again when one changes", async () => {
    const row = await venueRow();
    const [node] = await tree.getChildren(row);
    assert.ok(node instanceof MeshNodeItem);
    await until("the machine is asked", () => node.mesh.snapshot().nodes[0]?.state === "up");
    await tree.getChildren(row);
    const drawn: unknown[] = [];
    tree.onDidChangeTreeData((item) => drawn.push(item));
    node.mesh.drain("desk");
    await until("the row is drawn again", () => drawn.includes(row));
  });
});
