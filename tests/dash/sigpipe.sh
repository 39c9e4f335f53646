sh -c 'yes; echo never' 2>/dev/null | head -n 1
( trap '' PIPE; yes 2>/dev/null; echo "ended $?" >&2 ) | head -n 1
{ yes; echo "yes ended $?" >&2; } | head -n 2
sh -c 'kill -PIPE $$'; echo $?
