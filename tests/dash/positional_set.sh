set -- a 'b c' d
echo $# "$2"
set -- "$@" e
echo $#: "$*"
IFS=-
echo "$*"
set --
echo $#
for a in "$@"; do echo never; done
set -- 1 2 3 4 5 6 7 8 9 ten eleven
echo $10 ${10} ${11}
