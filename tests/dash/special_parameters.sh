set -- a b c
echo $# "$*"
[ $$ -gt 0 ] && echo pid
[ "$(sh -c 'echo $PPID')" = $$ ] && echo parent
true & [ $! -gt 0 ] && echo bang
wait
echo "$-" | grep -q i || echo not interactive
