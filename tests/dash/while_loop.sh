i=
while [ "$i" != xxx ]; do i=x$i; echo $i; done
until [ "$i" = xxxxx ]; do i=x$i; done
echo $i
while false; do echo never; done
echo $?
while true; do echo once; break; done
