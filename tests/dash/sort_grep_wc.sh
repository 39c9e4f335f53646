printf '10\n9\n2\n33\n' > n
sort n; sort -n n; sort -rn n
printf 'b x\na y\nc w\n' | sort -k 2
printf 'Foo\nbar\nfoo bar\n' > t
grep -i foo t; grep '^foo' t; grep 'bar$' t; grep -e Foo -e bar t | wc -l
grep 'o*b' t; grep -E 'Fo+|x' t; grep -F 'o b' t
wc t | { read l w c f; echo $l $w $c $f; }
wc -w < t; wc -l t
head -c 5 t; echo
head -n -1 t
