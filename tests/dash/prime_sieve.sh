n=2
while [ $n -le 60 ]; do
  d=2 prime=yes
  while [ $((d*d)) -le $n ]; do
    if [ $((n%d)) -eq 0 ]; then prime=no; break; fi
    d=$((d+1))
  done
  [ $prime = yes ] && echo $n
  n=$((n+1))
done
