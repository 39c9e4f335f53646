sh -n -c 'echo never' ; echo $?
sh -e -c 'false; echo never'; echo $?
sh -ec 'echo a; false; echo never'; echo $?
sh -u -c 'echo $nope; echo never' 2>/dev/null; echo $?
sh -f -c 'echo *'
sh -c 'echo $-' | grep -c e
