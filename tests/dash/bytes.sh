printf 'a\303\251b\377\n' > f
wc -c < f
x=$(cat f)
echo "$x"
case $x in a*b?) echo matched;; esac
printf '\377\376' | cat
printf '\001\002' | wc -c
