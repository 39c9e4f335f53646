i=0
while [ $i -lt 3000 ]; do echo "line number $i of many"; i=$((i+1)); done | cat | wc -c
yes | head -n 20000 | wc -l
