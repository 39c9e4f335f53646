> a1; > a2; > aA; > b-; > 'b]'; > z
echo a[0-9] a[A-Z] a[[:digit:]] a[[:upper:]]
echo b[]-] [!a-b]*
echo a[!1] [z]
echo [
echo []
