/**
 * What runs as the first process of a new user, mount and process namespace: builds a root folder from what its
 * arguments list, moves into it, gives up every right and starts the command as a child. It stays as the first process,
 * so that orphans are collected, and everything ends with it. POSIX shell, util-linux only; descriptor 3 says what went
 * wrong before the command started. Arguments are taken as they are, never as shell text.
 *
 * After the root's folder come operations (`op` names them), `--`, the folder to start in, the nested user and group or
 * two `-`, and argv.
 */
export const namespaceScript = `set -u
ulimit -c 0
fail() { printf '%s' "$1" >&3; exit 125; }
try() { message=$("$@" 2>&1) || fail "$message"; }
root=$1; shift
try mount -t tmpfs -o mode=755,size=16m tmpfs "$root"
place() { if [ -d "$1" ]; then [ -d "$root$2" ] || try mkdir -p "$root$2"; elif [ ! -e "$root$2" ]; then try mkdir -p "$root\${2%/*}"; : > "$root$2"; fi; }
while [ "$1" != "--" ]; do
  case $1 in
    ro) place "$2" "$3"; try mount --rbind "$2" "$root$3"; try mount -o "remount,bind,ro,$4" "$root$3"; shift 4;;
    lock) try mount -o "remount,bind,ro,$2" "$root$3"; shift 3;;
    rw) place "$2" "$3"; try mount --rbind "$2" "$root$3"; shift 3;;
    device) : > "$root$2"; try mount --bind "$2" "$root$2"; shift 2;;
    link) [ -e "$root$3" ] || try ln -s "$2" "$root$3"; shift 3;;
    folder) try mkdir -p "$root$2"; shift 2;;
    tmpfs) try mkdir -p "$root$3"; try mount -t tmpfs -o "$2" tmpfs "$root$3"; shift 3;;
    proc) try mkdir -p "$root/proc"; try mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
      for f in sys sysrq-trigger irq bus fs acpi scsi timer_list kcore; do
        [ ! -e "$root/proc/$f" ] || { try mount --bind "$root/proc/$f" "$root/proc/$f"; try mount -o remount,bind,ro,nosuid,nodev,noexec "$root/proc/$f"; }
      done; shift;;
    overlay) # lower upper work place: through mounts of their own, so that no name needs an escape
      try mkdir -p "$root/.lower" "$root/.upper" "$root$5"
      try mount --bind "$2" "$root/.lower"; try mount --bind "$3" "$root/.upper"
      ( cd "$root" && message=$(mount -t overlay -o "lowerdir=.lower,upperdir=.upper/$4,workdir=.upper/work,userxattr" overlay "$root$5" 2>&1) || { printf '%s' "$message" >&3; exit 1; } ) || exit 125
      try umount -l "$root/.lower"; try umount -l "$root/.upper"; try rmdir "$root/.lower" "$root/.upper"; shift 5;;
    remove) rm -rf -- "$root$2" 2>/dev/null; [ ! -e "$root$2" ] || fail "cannot take $2 out of the view"; shift 2;;
    *) fail "unknown operation $1";;
  esac
done
shift
folder=$1; user=$2; group=$3; limit=$4; shift 4
[ "$limit" = 0 ] || { echo "$limit" > /proc/sys/kernel/pid_max; } 2>/dev/null || :
try mkdir "$root/.old"
cd "$root" || fail "cannot enter the new root"
try pivot_root . .old
try umount -l /.old
try rmdir /.old
try mount -o remount,bind,ro /
cd "$folder" || fail "cannot enter $folder"
printf 'started' >&3
exec 4<&0 </dev/null
if [ "$user" = - ]; then
  setpriv --no-new-privs --bounding-set=-all --inh-caps=-all --ambient-caps=-all -- "$@" <&4 3>&- 4<&- &
else
  unshare --user --map-user="$user" --map-group="$group" setpriv --no-new-privs --bounding-set=-all --inh-caps=-all --ambient-caps=-all -- "$@" <&4 3>&- 4<&- &
fi
exec 3>&- 4<&-
wait $!
`;
