x=0123456789
x=$x$x$x$x$x$x$x$x$x$x
x=$x$x$x$x$x$x$x$x$x$x
echo ${#x}
y=$(echo "$x$x$x$x")
echo ${#y}
set -- $(i=0; while [ $i -lt 500 ]; do echo $i; i=$((i+1)); done)
echo $# ${500}
