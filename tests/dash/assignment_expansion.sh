v='a  b *'
x=$v; echo "$x"
y=$(echo 'c  d'); echo "$y"
z="$v"$v; echo "$z"
h=~; [ "$h" = "$HOME" ] && echo home
p=/x:~/y; [ "$p" = "/x:$HOME/y" ] && echo path
n=12; echo $n $((n))
a=b=c; echo $a
export e=$v; echo "$e"
