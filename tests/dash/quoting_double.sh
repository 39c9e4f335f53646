x='a  b'
echo "$x" $x "'$x'" "\$x \"q\" \\ \` \a"
echo "line one
line two"
echo "a"'b'c\d"$x"'$x'
