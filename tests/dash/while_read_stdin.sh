n=0
while read -r a b; do
  n=x$n
  echo "$a|$b"
done
echo $n
read z; echo $?
