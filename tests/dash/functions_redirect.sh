f() { echo out; echo err >&2; } 2>/dev/null >file
f
echo "ran $?"
cat file
g() { cat; }
echo through | g
