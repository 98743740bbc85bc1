declare const ORKET_VERSION: string;

// Scripts ask for the version often; it is answered without loading anything else.
const [first, second] = process.argv.slice(2);
if ((first === "--version" || first === "-V") && second === undefined) {
  process.stdout.write(`${ORKET_VERSION}\n`);
} else {
  void import("./main").then(async ({ main }) => main(process.argv.slice(2)));
}
