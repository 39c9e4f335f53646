for i in 1 2 3; do echo $i; done > out
cat out
while read l; do echo "[$l]"; done < out > out2
cat out2
if true; then echo yes; else echo no; fi > out
cat out
case x in x) echo matched;; esac >> out
cat out
{ echo a; echo b; } > out
(echo c; echo d) >> out
cat < out
