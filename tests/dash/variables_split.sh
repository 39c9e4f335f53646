v='  one   two three  '
for w in $v; do echo "<$w>"; done
for w in "$v"; do echo "<$w>"; done
empty=
for w in $empty; do echo never; done
for w in "$empty"; do echo "<$w>"; done
for w in a"$empty"b $empty; do echo "<$w>"; done
