a=1 a=2; echo $a
b=$a c=$b; echo $c
x=1; x=2 y=$x; echo $y
unset q; q=set echo ${q-unset}
d=$(echo first) e=$(echo "$d second"); echo $e
