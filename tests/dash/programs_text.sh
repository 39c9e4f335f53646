printf 'b 2\na 10\nc 1\nb 2\n' > t
sort t
sort -r t
sort -u t
head -n 1 t
wc -l < t
grep b t
grep -v b t
grep -c b t
grep -n a t
grep -q zzz t; echo $?
cat t - < t | wc -l
