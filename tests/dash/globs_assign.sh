> x1; > x2
a=x*
echo "$a" $a
set -f
echo x*
set +f
echo x*
b="x?"
for i in $b; do echo $i; done
