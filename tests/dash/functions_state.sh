count=
add() { count=x$count; }
add; add; add
echo $count
f() { set -- changed; echo $1; }
set -- kept
f
echo $1
outer() { inner() { echo inner of outer; }; }
outer
inner
