[ a = a ] && echo 1
[ a = b ] || echo 2
[ a != b ] && echo 3
[ -n x ] && echo 4
[ -z '' ] && echo 5
[ x ] && echo 6
[ '' ] || echo 7
[ ! x ] || echo 8
[ "a b" = "a b" ] && echo 9
[ ] || echo 10
test -n '' || echo 11
[ = = = ] && echo 12
[ \( a = a \) ] && echo 13
[ a = a -a b = b ] && echo 14
[ a = b -o b = b ] && echo 15
