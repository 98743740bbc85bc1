/**
 * What runs as the first process of a new user, mount and process namespace: mounts what its table lists over a root
 * folder that is already prepared, enters it, drops all privileges and starts the command as a child. It stays as the first
 * process, so that orphans are reaped and everything ends with it. POSIX shell and util-linux only, and few programs:
 * each slows the start. Descriptor 3 reports what went wrong before the command started. Arguments are passed on as they are,
 * never as shell text.
 *
 * Arguments: the root's folder, the table (fstab(5)), the folder to start in, the nested user and group or two `-`, the
 * limit on processes or 0, a file with the names to remove from the view (each ended by a zero byte) or nothing, argv.
 */
export const namespaceScript = `set -u
ulimit -c 0
fail() { printf ' %s' "$1" >&3; exit 125; }
root=$1; table=$2; folder=$3; user=$4; group=$5; limit=$6; hidden=$7; shift 7
[ -z "$hidden" ] || exec 5< "$hidden"
cd "$root" || fail "cannot enter the new root"
mount --rbind "$root" "$root" 2>&3 >&3 || fail "(root)"
cd "$root" || fail "cannot enter the new root"
mount --all --fstab "$table" 2>&3 >&3 || fail "(mounts)"
umount -l .lower .upper 2>&3 >&3 || fail "(layers)"
[ "$limit" = 0 ] || { echo "$limit" > /proc/sys/kernel/pid_max; } 2>/dev/null || :
pivot_root . .old 2>&3 >&3 || fail "(pivot_root)"
umount -l /.old 2>&3 >&3 || fail "(old root)"
mount -o remount,bind,ro,nosuid,nodev / 2>&3 >&3 || fail "(read-only root)"
cd "$folder" || fail "cannot enter $folder"
[ -z "$hidden" ] || xargs -0 rm -rf -- <&5 2>&3 >&3 || fail "(hidden files)"
exec 5<&-
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
