# Executes a program of the current folder as on a machine where nothing is
# installed. Its file system has the current folder as /work, the files of the C
# library that the program and the files in LIBRARIES_OF need, /proc and /dev/null;
# only /work can be written. The environment has a state folder alone, as that of a
# service. It is made of mounts, so it needs root and a mount namespace of its own,
# which `ip netns exec` creates.
#
# Usage: sh bare_machine.sh USER PROGRAM [ARGUMENT...], in the program's folder;
# USER is a number and the group's too, PROGRAM a path.
set -eu
user=$1
program=${2##*/}
shift 2
root=/mnt

mount -t tmpfs -o mode=755 tmpfs "$root"
mkdir "$root/work" "$root/proc" "$root/dev"
for file in "./$program" ${LIBRARIES_OF-}; do
  ldd "$file" | grep -o '/[^ ]*' | xargs cp --parents -L -t "$root"
done
touch "$root/dev/null"
mount --bind /dev/null "$root/dev/null"
# With all mounts below it.
mount --rbind "$PWD" "$root/work"
mount --bind -o ro /proc "$root/proc"
mount -o remount,ro "$root"

# Without a namespace to unshare it only changes the root, the folder and the user,
# and executes the program in its place, so signals reach it.
exec env -i STATE_DIRECTORY=/work/state unshare --root="$root" --wd=/work --setgid="$user" --setuid="$user" \
  "/work/$program" "$@"
