a=3 b=4
echo $((a*a+b*b)) $(( a > b ? a : b )) $((a<<b)) $(( (a+b)*(a-b) ))
echo $((a+=2)) $a $((a-=1)) $a $((a*=3)) $a $((a/=2)) $a $((a%=4)) $a
echo $((1==1 && 2>1)) $((0 || 0)) $((!5)) $((-3 % 2)) $((- -3))
x=; echo $((x+1)) $((unsetvar+2))
echo $((9223372036854775807)) $((0xff & 017))
( echo $((1/0)); echo never ) 2>/dev/null; echo $?
( echo $((1 +)); echo never ) 2>/dev/null; echo $?
echo "$((1+1))$((2+2))" $((
 3
 +
 4 ))
