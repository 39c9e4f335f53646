cat <<E
plain $((1+1)) line
  indented "quotes" 'stay'
E
x=value
cat <<E
$x \$x `echo cmd` $(echo sub) \\ "
E
cat <<'E'
$x \$x `no` \\
E
cat <<-E
	tabs
		stripped
	E
cat <<A; cat <<B
in a
A
in b
B
