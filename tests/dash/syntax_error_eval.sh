sh -c 'echo a; )' 
echo $?
sh -c 'fi'
echo $?
sh -c 'echo "unclosed'
echo $?
sh -c 'for 1x in a; do :; done'
echo $?
sh -c 'a | | b'
echo $?
