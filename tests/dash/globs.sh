mkdir d
> a.c; > b.c; > c.h; > .hidden; > d/x; > 'sp ace'
echo *
echo *.c
echo ?.?
echo [ab].* [!ab].* 
echo .h*
echo */*
echo *.nomatch
echo "*.c" '*' \*.c
for f in *; do echo "<$f>"; done
v='*.c'
echo $v "$v"
echo d/* ./*.h
