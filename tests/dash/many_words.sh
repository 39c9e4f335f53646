i=0; l=
while [ $i -lt 300 ]; do l="$l w$i"; i=$((i+1)); done
set -- $l
echo $# $300 ${300}
for w; do last=$w; done; echo $last
echo "$@" | wc -w
