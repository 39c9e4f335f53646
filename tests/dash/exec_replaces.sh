( exec echo replaced; echo never )
sh -c 'exec sh -c "exit 12"'
echo $?
( exec nosuchcmd; echo never ) 2>/dev/null
echo $?
