[ 1 -eq 1 ] && echo eq
[ 1 -ne 2 ] && echo ne
[ 2 -gt 1 ] && echo gt
[ 1 -lt 2 ] && echo lt
[ 2 -ge 2 ] && echo ge
[ 2 -le 1 ] || echo le
[ -5 -lt 3 ] && echo neg
[ 08 -eq 8 ] && echo octal is decimal
[ x -eq 1 ] 2>/dev/null; echo $?
