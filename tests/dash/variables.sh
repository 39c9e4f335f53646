a=1 b='x y' c=$a$a
echo $a $b "$b" $c
a=$b
echo "$a"
echo "[$unset]" [$unset]
_x9=ok; echo $_x9
echo ${a}b "${c}d"
