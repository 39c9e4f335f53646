for i in 3 1 2; do echo $i; done | sort
if true; then echo b; echo a; fi | sort
{ echo z; echo y; } | ( sort; echo last )
f() { while read l; do echo "[$l]"; done; }
printf 'p\nq\n' | f
