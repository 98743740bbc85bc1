import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import picomatch from "picomatch";
import { classifyPath, decideRead, decideWrite } from "../../../src/engine/policy/file-policy";
import type { FileRule } from "../../../src/engine/policy/file-policy";
import { matchesAny } from "../../../src/engine/policy/glob";
import { foldPath } from "../../../src/engine/policy/path";
import { fileRules } from "../../../src/engine/policy/rules";
import type { Policy } from "../../../src/engine/model/flow";

const policy: Policy = {
  read_scope: ["workspace", "reference", "domain"],
  write_scope: ["workspace"],
  allow: [],
};

describe("A path that a model gives", () => {
  const relative: [string, string][] = [
    ["a.ts", "a.ts"],
    [".", "."],
    ["./", "."],
    ["./src/./a.ts", "src/a.ts"],
    ["src//a.ts", "src/a.ts"],
    ["src/", "src"],
    ["src\\lib\\a.ts", "src/lib/a.ts"],
    ["src/x/../a.ts", "src/a.ts"],
    ["src/..", "."],
    ["e\u0301.md", "é.md"],
    ["日本語/ファイル.md", "日本語/ファイル.md"],
    [".github/workflows/ci.yml", ".github/workflows/ci.yml"],
    ["...a", "...a"],
    ["a~1b.txt", "a~1b.txt"],
    ["longer-than-8~1.txt", "longer-than-8~1.txt"],
    ["console.ts", "console.ts"],
    ["src/[id]/page.tsx", "src/[id]/page.tsx"],
    ["~/.profile", "~/.profile"],
    ["a".repeat(255), "a".repeat(255)],
  ];
  for (const [raw, expected] of relative) {
    it(`${JSON.stringify(raw.slice(0, 40))} is ${JSON.stringify(expected.slice(0, 40))} in the project`, () => {
      assert.deepEqual(classifyPath(raw), { kind: "relative", path: expected });
    });
  }

  const denied: [string, FileRule][] = [
    ["", "path-empty"],
    ["a/".repeat(501), "path-too-long"],
    ["a".repeat(256), "path-too-long"],
    ["é".repeat(128), "path-too-long"],
    ["a\0.ts", "path-control"],
    ["a\n.ts", "path-control"],
    ["a\u007f", "path-control"],
    ["a\u0085", "path-control"],
    ["exe\u202etxt.ts", "path-control"],
    ["a\u2066b", "path-control"],
    ["a\ud800", "path-control"],
    ["a?.ts", "path-character"],
    ["*.ts", "path-character"],
    ['a"b', "path-character"],
    ["a|b", "path-character"],
    ["C:a.ts", "path-drive"],
    ["c:", "path-drive"],
    ["\\\\host\\share\\a", "path-unc"],
    ["//host/share/a", "path-unc"],
    ["\\\\?\\C:\\a", "path-unc"],
    ["\\\\.\\pipe\\a", "path-unc"],
    ["a.ts:stream", "path-stream"],
    [".git::$INDEX_ALLOCATION/config", "path-stream"],
    ["file:///etc/passwd", "path-stream"],
    ["CON", "path-device"],
    ["src/nul", "path-device"],
    ["NUL.txt", "path-device"],
    ["nul.tar.gz", "path-device"],
    ["Aux .txt", "path-device"],
    ["com1.log", "path-device"],
    ["COM\u00b9", "path-device"],
    ["lpt9", "path-device"],
    ["conin$", "path-device"],
    ["\uff23\uff2f\uff2e", "path-device"],
    ["a.", "path-trailing"],
    ["a ", "path-trailing"],
    [".git./config", "path-trailing"],
    [".git /config", "path-trailing"],
    ["src/.../a", "path-trailing"],
    ["GIT~1/config", "path-short-name"],
    ["src/PROGRA~1.TXT", "path-short-name"],
    ["a~12", "path-short-name"],
  ];
  for (const [raw, rule] of denied) {
    it(`${JSON.stringify(raw.slice(0, 40))} is denied by ${rule}, on every system`, () => {
      const place = classifyPath(raw);
      assert.equal(place.kind, "denied");
      assert.equal(place.rule, rule);
      assert.match(place.message, /\.$/);
    });
  }

  it("is told apart when it leads out of the project or names a place by itself", () => {
    for (const [raw, kind, expected] of [
      ["../a", "outside", "../a"],
      ["a/../../b/c", "outside", "../b/c"],
      ["..\\..\\a", "outside", "../../a"],
      ["..", "outside", ".."],
      ["/etc/passwd", "absolute", "/etc/passwd"],
      ["/a/../../b", "absolute", "/b"],
      ["\\a", "absolute", "/a"],
      ["C:\\a\\b", "absolute", "C:/a/b"],
    ] as const) {
      const place = classifyPath(raw);
      assert.equal(place.kind, kind, raw);
      assert.ok("path" in place);
      assert.equal(place.path, expected);
    }
  });

  it("never makes an exception, whatever it is", () => {
    for (let code = 0; code < 0x3000; code += 1) {
      const place = classifyPath(`a${String.fromCharCode(code)}b/../c`);
      assert.ok(place.kind === "denied" || place.kind === "relative");
    }
  });
});

describe("Writing by the policy", () => {
  const denied: [string, FileRule][] = [
    [".", "is-folder"],
    [".orket/sessions/x/journal.jsonl", "protected-orket"],
    [".ORKET/x", "protected-orket"],
    ["sub/.orket/x", "protected-orket"],
    [".git", "protected-git"],
    [".git/hooks/pre-commit", "protected-git"],
    [".Git/config", "protected-git"],
    ["sub/module/.git", "protected-git"],
    ["\uff0egit/config", "protected-git"],
    [".g\u200cit/config", "protected-git"],
    [".\ufeffgit/config", "protected-git"],
    [".g\u0131t/config", "protected-git"],
    [".git\uff0fconfig", "protected-git"],
    [".vscode/settings.json", "protected-editor"],
    [".VSCode/tasks.json", "protected-editor"],
    ["packages/a/.vscode/launch.json", "protected-editor"],
    ["x.code-workspace", "protected-editor"],
    ["shapes.flow.yaml", "protected-definition"],
    ["a/b.band.yml", "protected-definition"],
    ["a/b.venue.json", "protected-definition"],
    ["b.Score.YAML", "protected-definition"],
    ["b.replies.yaml", "protected-definition"],
    [".env", "secret-file"],
    [".env.production", "secret-file"],
    [".dev.vars", "secret-file"],
    [".dev.vars.production", "secret-file"],
    ["auth.json", "secret-file"],
    ["home/.m2/settings.xml", "secret-file"],
    [".yarnrc.yml", "secret-file"],
    [".yarnrc", "secret-file"],
    ["local.settings.json", "secret-file"],
    [".bash_history", "secret-file"],
    [".zsh_history", "secret-file"],
    [".node_repl_history", "secret-file"],
    [".psql_history", "secret-file"],
    ["fish_history", "secret-file"],
    ["ConsoleHost_history.txt", "secret-file"],
    ["prod.tfvars", "secret-file"],
    ["pip.conf", "secret-file"],
    ["NuGet.Config", "secret-file"],
    ["token.json", "secret-file"],
    [".curlrc", "secret-file"],
    [".gradle/gradle.properties", "secret-file"],
    ["x-firebase-adminsdk-1.json", "secret-file"],
    [".ENV", "secret-file"],
    [".envrc", "secret-file"],
    ["deploy/prod.env", "secret-file"],
    ["certs/server.pem", "secret-file"],
    ["server.KEY", "secret-file"],
    ["a.pfx", "secret-file"],
    ["a.p12", "secret-file"],
    ["id_rsa", "secret-file"],
    ["keys/id_ed25519.pub", "secret-file"],
    [".npmrc", "secret-file"],
    [".pypirc", "secret-file"],
    [".netrc", "secret-file"],
    [".git-credentials", "secret-file"],
    [".aws/config", "secret-file"],
    ["home/.ssh/known_hosts", "secret-file"],
    [".gnupg/x", "secret-file"],
    [".kube/config", "secret-file"],
    ["kubeconfig", "secret-file"],
    ["prod.kubeconfig", "secret-file"],
    ["credentials", "secret-file"],
    ["aws-credentials.json", "secret-file"],
    ["secrets.yaml", "secret-file"],
    [".docker/config.json", "secret-file"],
    ["client_secret_1.json", "secret-file"],
    [".config/gh/hosts.yml", "secret-file"],
    ["home/.M2/settings.xml", "secret-file"],
    ["terraform.tfstate", "secret-file"],
  ];
  for (const [file, rule] of denied) {
    it(`${JSON.stringify(file)} is denied by ${rule}`, () => {
      const decision = decideWrite(file, policy);
      assert.ok(!decision.allowed);
      assert.equal(decision.rule, rule);
      assert.match(decision.message, /\.$/);
    });
  }
  for (const file of [
    "src/a.ts",
    ".gitignore",
    ".gitattributes",
    ".github/x.yml",
    "git/config",
    "vscode/a",
    "workflow.yaml",
    "my.flow.yaml.md",
    "environment.ts",
    "env/a.ts",
    "src/credentials.ts",
    "secrets.ts",
    "keyboard.ts",
    "monkey.ts",
    "README.md",
    "docker/config.json",
  ]) {
    it(`${file} is allowed`, () => {
      assert.deepEqual(decideWrite(file, policy), { allowed: true });
    });
  }

  it("is denied everywhere when the write scope is empty", () => {
    const decision = decideWrite("a.ts", { ...policy, write_scope: [] });
    assert.ok(!decision.allowed && decision.rule === "write-scope");
  });

  it("of a secret is allowed where the policy lists it, and of nothing else that is protected", () => {
    const open = { ...policy, allow: ["**/*", ".git/**", "**", ".vscode/**"] };
    assert.ok(decideWrite(".env", open).allowed);
    assert.ok(decideWrite("a/b.pem", open).allowed);
    assert.ok(!decideWrite(".git/config", open).allowed);
    assert.ok(!decideWrite(".vscode/a.json", open).allowed);
    assert.ok(!decideWrite(".orket/a", open).allowed);
    assert.ok(!decideWrite("a.flow.yaml", open).allowed);
    assert.ok(!decideWrite(".env", { ...policy, allow: [".env.example"] }).allowed);
    assert.ok(!decideWrite(".ENV", { ...policy, allow: [".env"] }).allowed, "another name on most disks");
  });
});

describe("Reading by the policy", () => {
  it("is denied in .orket and .git and of secrets, in every space", () => {
    for (const space of ["domain", "reference", "workspace", "start"] as const) {
      for (const [file, rule] of [
        [".orket/sessions", "protected-orket"],
        ["../lib/.git/config", "protected-git"],
        ["../lib/.env", "secret-file"],
      ] as const) {
        const decision = decideRead(space, file, policy);
        assert.ok(!decision.allowed && decision.rule === rule, `${space} ${file}`);
      }
    }
  });

  it("is allowed of definitions and of the editor's settings", () => {
    assert.ok(decideRead("domain", "a.flow.yaml", policy).allowed);
    assert.ok(decideRead("domain", ".vscode/settings.json", policy).allowed);
  });

  it("follows the read scope; the start directory needs none", () => {
    const narrow = { ...policy, read_scope: ["reference" as const] };
    const decision = decideRead("domain", "a.ts", narrow);
    assert.ok(!decision.allowed && decision.rule === "read-scope");
    assert.ok(decideRead("reference", "a.ts", narrow).allowed);
    assert.ok(decideRead("start", "a.ts", { ...policy, read_scope: [] }).allowed);
  });
});

describe("A glob", () => {
  const cases: [string, string[], string[]][] = [
    [".env", [".env"], ["a/.env", ".envx"]],
    ["*.pem", ["a.pem", ".pem"], ["a/b.pem", "a.pemx"]],
    ["**/*.pem", ["a.pem", "a/b.pem", "a/b/c.pem"], ["a.pem/b"]],
    ["certs/**", ["certs/a", "certs/a/b"], ["certs", "xcerts/a"]],
    ["certs/", ["certs/a", "certs/a/b"], ["certs"]],
    ["./a/*.key", ["a/b.key"], ["b.key"]],
    ["/a", ["a"], ["b"]],
    ["a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["a/xb"]],
    ["a/**/**/**/b", ["a/b", "a/x/y/b"], ["b"]],
    ["?.env", ["a.env"], ["ab.env", "/.env"]],
    ["{.env,.npmrc}", [".env", ".npmrc"], [".pypirc"]],
    ["{a,b/{c,d}}/*.key", ["a/x.key", "b/c/x.key", "b/d/x.key"], ["b/x.key"]],
    [".env{,.local}", [".env", ".env.local"], [".env.x"]],
    ["a{b", ["a{b"], ["ab"]],
    ["a}b,c", ["a}b,c"], ["ab"]],
    ["a.b+(c)[d]", ["a.b+(c)[d]"], ["axb+(c)[d]", "a.bc"]],
    ["a\\*b", ["a*b"], ["axb"]],
    ["a**b", ["axxb", "ab"], ["a/b"]],
    ["é.env", ["é.env"], ["e.env"]],
  ];
  for (const [glob, yes, no] of cases) {
    it(`${glob} matches ${yes.join(", ")} and not ${no.join(", ")}`, () => {
      for (const one of yes) assert.ok(matchesAny([glob], one), one);
      for (const one of no) assert.ok(!matchesAny([glob], one), one);
    });
  }

  // Doubling what is matched doubles the work: a matcher that backtracks would never come back from these.
  for (const [glob, file] of [
    [`${"**/".repeat(40)}*.pem`, `${"a/".repeat(400)}b`],
    ["**/*-*-*-*.pem", "-".repeat(450)],
    [`${"*a".repeat(60)}b`, "a".repeat(900)],
    [`{${"a*,".repeat(100)}a*}${"{a,aa}*".repeat(40)}x`, "a".repeat(900)],
    [`${"**".repeat(50)}/x`, "/".repeat(900)],
  ] as const) {
    it(`reads a path once, however it is starred: ${glob.slice(0, 20)}`, () => {
      assert.ok(!matchesAny([glob], file));
    }).timeout(2000);
  }

  it("agrees with picomatch about globs and paths of any shape", () => {
    const piece = fc.constantFrom("a", "b", ".", "*", "?", "**/", "/", "-", "{a,b}", "{a,b/c}", "**");
    const glob = fc
      .array(piece, { minLength: 1, maxLength: 7 })
      .map((pieces) => pieces.join(""))
      // Where the two mean different things on purpose: stars next to a name, empty names, and a dot alone.
      .filter((text) => !/\*\*(?!\/|$)|[^/]\*\*|\/\/|^\/|^\.\/|\/$|(?:^|\/)\.{1,2}(?:\/|$)/.test(text));
    const paths = fc
      .array(fc.constantFrom("a", "b", "ab", "a.b", ".a", "c", "-", "a-b"), { minLength: 1, maxLength: 4 })
      .map((names) => names.join("/"));
    fc.assert(
      fc.property(glob, paths, (pattern, file) => {
        const theirs = picomatch.isMatch(file, pattern, { dot: true, noextglob: true, nobracket: true });
        assert.equal(matchesAny([pattern], file), theirs, `${pattern} on ${file}`);
      }),
      { seed: 9, numRuns: 3000 },
    );
  });
});

describe("Folding for comparison", () => {
  it("makes one of forms, cases, ignorable characters and trailing dots", () => {
    for (const same of [".git", ".GIT", ".g\u200dit", "\uff0e\uff27\uff29\uff34", ".git. .", ".git:x"]) {
      assert.deepEqual(foldPath(`a/${same}/b`), ["a", ".git", "b"]);
    }
  });
});

describe("The documentation of the file policy", () => {
  it("has exactly the rules of the code, each with its reason", () => {
    const text = readFileSync(path.resolve(__dirname, "../../../docs/file-policy.md"), "utf8");
    const rules = text.slice(text.indexOf("## Rules"), text.indexOf("## How it is decided"));
    const rows = [...rules.matchAll(/^\| `([a-z-]+)` +\| (.+?) +\|$/gm)].map(([, rule, reason]) => [
      rule,
      reason,
    ]);
    const escaped = Object.entries(fileRules).map(([rule, reason]) => [rule, reason.replaceAll("|", "\\|")]);
    assert.deepEqual(rows, escaped);
  });
});
