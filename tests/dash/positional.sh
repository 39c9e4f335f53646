# args: one 'two words' three
echo $# "$1" "$2" "$3"
for a in "$@"; do echo "<$a>"; done
for a in $*; do echo "<$a>"; done
for a in "$*"; do echo "<$a>"; done
for a; do echo "($a)"; done
shift
echo $# "$1"
shift 2
echo $#
