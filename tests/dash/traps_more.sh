trap 'echo one' EXIT
trap 'echo two' EXIT
( trap 'echo sub' EXIT; exit 3 )
echo $?
f() { trap 'echo from f' EXIT; }
f
sh -c 'trap "echo t" EXIT; exec true'
sh -c 'trap "exit 9" TERM; kill $$; echo never'; echo $?
trap
trap - EXIT
echo last
