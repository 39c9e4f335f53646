for i in 1 2 3 4 5; do
  if [ $i = 2 ]; then continue; fi
  if [ $i = 4 ]; then break; fi
  echo $i
done
for i in a b c; do
  for j in 1 2 3; do
    if [ $j = 2 ]; then continue 2; fi
    if [ $i = c ]; then break 2; fi
    echo $i$j
  done
done
echo done
