( exit 3; echo never ); echo $?
{ (exit 4); }; echo $?
echo a | exit 5; echo $?
f() { exit 6; echo never; }
( f; echo never ); echo $?
x=$(echo out; exit 7); echo $? $x
sh -c 'f() { exit 8; }; f | cat; echo "still $?"'
if (exit 9); then :; else echo else $?; fi
