import fs from "node:fs";

/** The resources that a command's processes use together. */
export interface Usage {
  readonly memoryBytes: number;
  readonly processes: number;
}

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  readonly threads: number;
  readonly residentBytes: number;
}

const pageBytes = 4096;

/** Fields of `/proc/PID/stat` (proc(5)); the name in brackets may hold anything. */
function readStat(pid: number): Stat | undefined {
  let text: string;
  try {
    text = fs.readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined;
  }
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const number = (index: number): number => Number(fields[index] ?? 0);
  return {
    pid,
    parent: number(1),
    session: number(3),
    threads: number(17),
    residentBytes: number(21) * pageBytes,
  };
}

/** All descendants of `root`, and the processes of its session; empty where there is no `/proc`. */
function descendants(root: number): Stat[] {
  let names: string[];
  try {
    names = fs.readdirSync("/proc");
  } catch {
    return [];
  }
  const stats = names.flatMap((name) => (/^\d+$/.test(name) ? (readStat(Number(name)) ?? []) : []));
  const children = new Map<number, Stat[]>();
  for (const stat of stats) children.set(stat.parent, [...(children.get(stat.parent) ?? []), stat]);
  const found = new Map<number, Stat>();
  const visit = (stat: Stat): void => {
    if (found.has(stat.pid)) return;
    found.set(stat.pid, stat);
    for (const child of children.get(stat.pid) ?? []) visit(child);
  };
  for (const stat of stats) if (stat.pid === root || stat.session === root) visit(stat);
  return [...found.values()];
}

export function usageOf(root: number): Usage {
  const members = descendants(root);
  return {
    memoryBytes: members.reduce((sum, { residentBytes }) => sum + residentBytes, 0),
    processes: members.reduce((sum, { threads }) => sum + threads, 0),
  };
}
