echo hello | cat
printf 'c\na\nb\n' | sort | head -n 2
printf '1\n2\n3\n' | cat | cat | cat | wc -l
echo a | cat - | grep a && echo found
echo a | grep b || echo missing
false | true; echo $?
true | false; echo $?
! true | true; echo $?
