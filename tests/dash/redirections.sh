echo a > f
echo b >> f
cat f
cat < f
echo c >f
cat <f >g
cat g
: > f
cat f
wc -c < f
> h
[ -f h ] && echo exists
