cat <<E | sort
b
a
E
while read l; do echo "<$l>"; done <<E
one
two
E
f() { cat <<E
arg is $1
E
}
f x
f y
