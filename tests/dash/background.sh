sleep 0 & wait
echo $?
(exit 3) & wait $!
echo $?
{ echo bg > f; } & wait
cat f
sh -c 'exit 6' &
p=$!
wait $p
echo $?
true & false & wait
echo $?
