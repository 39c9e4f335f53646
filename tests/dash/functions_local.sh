x=global
f() { local x; x=local; g; echo f $x; }
g() { echo g $x; x=changed; }
f
echo top $x
h() { local y=5 x="a b"; echo "$y $x"; }
h
echo "[$y]"
