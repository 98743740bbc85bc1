// Runs inside the sandbox: performs the attacks that it reads, whatever becomes of each.
const fs = require("node:fs");
const net = require("node:net");
const dgram = require("node:dgram");
const path = require("node:path");
const { spawnSync } = require("node:child_process");

const evil = "changed by a command\n";
let links = 0;
const fresh = () => `link-${process.pid}-${(links += 1)}`;
const wait = (start) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, 300);
    const done = () => (clearTimeout(timer), resolve());
    try {
      start(done);
    } catch {
      done();
    }
  });

const ops = {
  write: (target) => fs.writeFileSync(target, evil),
  append: (target) => fs.appendFileSync(target, evil),
  truncate: (target) => fs.truncateSync(target, 0),
  unlink: (target) => fs.rmSync(target, { recursive: true }),
  rename: (target) => (fs.writeFileSync("mine", evil), fs.renameSync("mine", target)),
  chmod: (target) => fs.chmodSync(target, 0o777),
  utimes: (target) => fs.utimesSync(target, 1, 1),
  mkdir: (target) => fs.mkdirSync(`${target}/x`, { recursive: true }),
  symlink: (target) => fs.symlinkSync("/etc/passwd", `${target}.link`),
  hardlink: (target) => {
    const own = fresh();
    fs.linkSync(target, own);
    fs.writeFileSync(own, evil);
  },
  "through-link": (target) => {
    const own = fresh();
    fs.symlinkSync(path.resolve(target), own);
    fs.writeFileSync(own, evil);
  },
  copy: (target) => fs.copyFileSync("a.txt", target),
  exclusive: (target) => fs.writeFileSync(target, evil, { flag: "wx" }),
  "read-write": (target) => fs.writeSync(fs.openSync(target, "r+"), evil),
  read: (target) => console.log(fs.readFileSync(target, "latin1").slice(0, 2000)),
  "read-link": (target) => {
    const own = fresh();
    fs.symlinkSync(target, own);
    console.log(fs.readFileSync(own, "latin1").slice(0, 2000));
  },
  kill: (target, more) => {
    // Its own processes are its own; ending itself would only spare the others.
    if (target !== 0 && target !== -1) process.kill(target, more);
  },
  tcp: (target, more) => wait((done) => net.connect({ host: target, port: more }, done).on("error", done)),
  udp: (target, more) =>
    wait((done) =>
      dgram
        .createSocket(target.includes(":") ? "udp6" : "udp4")
        .on("error", done)
        .send(evil, more, target, done),
    ),
  unix: (target) => wait((done) => net.connect({ path: target }, done).on("error", done)),
  program: (target) => spawnSync("sh", ["-c", target], { timeout: 3000, stdio: "ignore" }),
};

(async () => {
  process.on("uncaughtException", () => undefined);
  for (const { op, target, more } of JSON.parse(fs.readFileSync(0, "utf8"))) {
    try {
      await ops[op](target, more);
    } catch {
      // That is what should happen.
    }
  }
  process.exit(0);
})();
