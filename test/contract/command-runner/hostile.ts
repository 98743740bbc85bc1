/** One thing that a hostile command tries; `attack.cjs` performs it. */
export interface Attack {
  readonly op: string;
  readonly target: string | number;
  readonly more?: string | number;
}

export interface Targets {
  readonly outside: string;
  readonly home: string;
  readonly project: string;
  readonly tcp: number;
  readonly udp: number;
  readonly socket: string;
  readonly abstract: string;
  readonly victim: number;
  readonly own: number;
}

/** Ways to change a file. */
const changes = [
  "write",
  "append",
  "truncate",
  "unlink",
  "rename",
  "chmod",
  "utimes",
  "mkdir",
  "symlink",
  "hardlink",
  "through-link",
  "copy",
  "exclusive",
  "read-write",
];

/** More than 500 attacks: every operation on every target. */
export function hostile(targets: Targets): Attack[] {
  const { outside, home, project } = targets;
  const file = `${outside}/file`;
  const places = [
    file,
    `${outside}/new`,
    `${outside}/folder/new`,
    `${home}/.bashrc`,
    `${home}/.ssh/authorized_keys`,
    `${project}/../outside/file`,
    "../outside/file",
    "../../../../../../../../tmp/orket-escape",
    "way-out",
    "node_modules/way-out/file",
    "node_modules/way-out/new",
    `/proc/self/root${file}`,
    `/proc/1/root${file}`,
    `/proc/self/cwd/../outside/file`,
    `/proc/${targets.own}/root${file}`,
    `/proc/${targets.victim}/cwd/x`,
    "/usr/bin/orket-escape",
    "/etc/passwd",
    "/etc/cron.d/orket-escape",
    "/var/spool/cron/crontabs/root",
    "/dev/sda",
    "/dev/vda",
    "/dev/mem",
    "/proc/sys/kernel/core_pattern",
    "/proc/sys/kernel/modprobe",
    "/proc/sysrq-trigger",
    "/sys/kernel/uevent_helper",
    "/sys/fs/cgroup/release_agent",
    "/.old/etc/passwd",
    "/.lower/a.txt",
    "/.upper/x",
    "/run/orket-escape",
    process.execPath,
  ];
  const attacks: Attack[] = places.flatMap((target) => changes.map((op) => ({ op, target })));
  const secrets = [".ssh/id_ed25519", ".netrc", ".bashrc", ".config"].map((name) => `${home}/${name}`);
  for (const target of secrets) {
    for (const prefix of [
      "",
      "/proc/self/root",
      "/proc/1/root",
      `/proc/${targets.own}/root`,
      "/.old",
      "/.lower/../home/..",
    ]) {
      attacks.push({ op: "read", target: prefix + target }, { op: "read-link", target: prefix + target });
    }
  }
  for (const pid of [targets.own, targets.victim, 1, -1, 0]) {
    for (const signal of ["SIGKILL", "SIGSTOP", "SIGTERM", "SIGUSR1"])
      attacks.push({ op: "kill", target: pid, more: signal });
    for (const name of ["environ", "mem", "maps", "fd", "root", "cwd", "exe"])
      attacks.push({ op: "read", target: `/proc/${pid}/${name}` });
  }
  for (const host of [
    "127.0.0.1",
    "::1",
    "0.0.0.0",
    "::",
    "localhost",
    "169.254.169.254",
    "10.0.2.2",
    "example.com",
    "224.0.0.1",
  ]) {
    attacks.push(
      { op: "tcp", target: host, more: targets.tcp },
      { op: "udp", target: host, more: targets.udp },
    );
  }
  for (const place of [
    targets.socket,
    targets.abstract,
    "socket-link",
    "/run/docker.sock",
    "/var/run/docker.sock",
    "/run/dbus/system_bus_socket",
    `/proc/self/root${targets.socket}`,
  ]) {
    attacks.push({ op: "unix", target: place });
  }
  const programs = [
    "sudo -n id",
    "su -c id",
    "mount -t tmpfs tmpfs /usr",
    "mount -o remount,rw /usr",
    "mount -o remount,rw /",
    "umount /usr",
    "umount -l /proc/sys",
    `mount --bind ${outside} /tmp`,
    "unshare -Urm mount -o remount,rw /usr",
    "unshare -Urm umount /usr",
    `unshare -Urm sh -c 'mount --bind / /mnt; echo x > ${file}'`,
    "unshare -Ur chown 1000 /etc/passwd",
    "chroot /proc/1/root sh -c id",
    "nsenter -t 1 -m -p sh -c id",
    `nsenter -t ${targets.own} -m touch ${outside}/new`,
    "mknod /tmp/disk b 254 0",
    "mknod disk b 8 0",
    "insmod /tmp/x.ko",
    "modprobe dummy",
    "sysctl -w kernel.core_pattern=/tmp/x",
    "ip link add x type dummy",
    "ip link set lo up",
    "ptrace 1",
    `gdb -p ${targets.own}`,
    "setpriv --reuid 1000 id",
    "capsh --print",
    "chmod u+s /usr/bin/env",
    "cp /bin/sh s; chmod 4755 s; ./s -p -c id",
    "newuidmap 1 0 0 1",
    "reboot -f",
    "kill -9 -1 -- || true",
    "pkill -9 sleep",
    "killall sleep",
    "date -s 2001-01-01",
    "hostname evil",
    "crontab -r",
    "at now",
    "systemctl stop ssh",
    "docker ps",
    `ln ${file} hard; echo x > hard`,
    `exec 9<>/dev/tcp/127.0.0.1/${targets.tcp}`,
    "curl -m 1 http://127.0.0.1/",
    "ping -c 1 -W 1 127.0.0.1",
    "dd if=/dev/vda of=/dev/null count=1",
    "swapoff -a",
    "losetup -f a.txt",
    "fusermount -u /tmp",
    `python3 -c "open('${file}','w').write('x')"`,
    `perl -e "open(F,'>${file}');print F 1"`,
  ];
  for (const program of programs) attacks.push({ op: "program", target: program });
  return attacks;
}
