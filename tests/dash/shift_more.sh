set -- a b c
shift 0; echo $#
shift; echo $*
( shift 5; echo never ) 2>/dev/null; echo $?
echo $#
while [ $# -gt 0 ]; do echo "$1"; shift; done
