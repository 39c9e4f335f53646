IFS=:
v=a:b::c:
for w in $v; do echo "<$w>"; done
IFS=' :'
v=' a : b:  c '
for w in $v; do echo "<$w>"; done
IFS=
v='a b:c'
for w in $v; do echo "<$w>"; done
