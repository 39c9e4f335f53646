cat << 'A B'
quoted $delimiter
A B
cat <<\E
no $expansion `here`
E
x='a
b'
cat <<E
[$x] ${x}
E
cat <<E | while read l; do echo "<$l>"; done
  lead
E
if true; then cat <<E
in if
E
fi
for i in 1 2; do cat <<E; done
$i
E
