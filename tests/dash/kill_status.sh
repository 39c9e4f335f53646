sh -c 'kill -KILL $$'
echo $?
sh -c 'kill -TERM $$; echo never'
echo $?
sleep 100 &
kill $!
wait $!
echo $?
