n=name
echo x > $n.txt
cat name.txt
echo y > "$n two"
cat 'name two'
> $(echo made)
ls
cat <$n.txt >copy 2>&1
cat copy
echo z >copy2;cat<copy2
echo 2>err 3 ; wc -c < err
echo a2>b ; cat b
