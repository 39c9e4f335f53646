for i in 1 2 3; do echo $i; done
for i in a; do echo $i; done; echo $i
for i in; do echo never; done
echo $?
for i in 'a b' c"d e"; do echo "<$i>"; done
for f in x y
do
  for g in 1 2; do echo $f$g; done
done
