printf 'a b\nc  d\n\ne' | while read -r l; do echo "<$l>"; done
printf 'a b c\nd\n' | while read x y; do echo "[$x][$y]"; done
printf 'back\\slash\ncon\\\ntinued\n' | while read l; do echo "<$l>"; done
printf '  lead and trail  \n' | { read l; echo "<$l>"; }
printf '  keep  \n' | { IFS= read -r l; echo "<$l>"; }
