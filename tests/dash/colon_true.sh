: ignored words $(echo effect >&2) 2>/dev/null
echo $?
: ${z:=assigned}
echo $z
while :; do break; done
