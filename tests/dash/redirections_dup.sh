f() { echo to out; echo to err >&2; }
f 3>&1 1>&2 2>&3 3>&- 2>/dev/null
f 2>&1 1>/dev/null
(f) 2>&1 | sort
