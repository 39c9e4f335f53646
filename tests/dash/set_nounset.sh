set -u
x=1
echo $x ${y-default}
( echo $nothing; echo never ) 2>/dev/null
echo $?
