wait; echo $?
wait 99999; echo $?
(exit 3) & a=$!
(exit 4) & b=$!
wait $b; echo $?
wait $a; echo $?
(exit 1) & (exit 2) & wait; echo $?
{ sleep 0; exit 9; } & wait $!; echo $?
