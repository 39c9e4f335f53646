for i in 1 2 3; do echo $i; done | while read n; do echo $((n*n)); done | sort -r
seq=; i=0
while [ $i -lt 10 ]; do seq="$seq $i"; i=$((i+1)); done
for i in $seq; do [ $((i%2)) -eq 0 ] && echo $i; done
until [ $i -eq 7 ]; do i=$((i-1)); done; echo $i
