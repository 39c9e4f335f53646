printf 'a:b:c\n' | { IFS=: read x y; echo "$x|$y"; }
printf 'x\n' | { read a b c; echo "[$a][$b][$c]"; }
printf '' | { read a; echo "$? [$a]"; }
printf 'no newline' | { read a; echo "$? [$a]"; }
printf 'a\\ b c\n' | { read x y; echo "$x|$y"; }
printf '1\n2\n3\n' | { read a; read b; cat; echo "$a$b"; }
printf 'a  b  \n' | { read x y; echo "[$x][$y]"; }
printf ' : a : b : \n' | { IFS=' :' read x y; echo "[$x][$y]"; }
