yes | head -n 1
echo $?
i=0; while [ $i -lt 5000 ]; do echo $i; i=$((i+1)); done | head -n 3
cat < /dev/null | wc -c
true | cat
echo a | true; echo $?
