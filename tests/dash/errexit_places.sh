set -e
f() { false; echo "f goes on"; }
f || echo "f failed"
if f; then echo cond; fi
! f
( set -e; false; echo never ) || echo sub failed
x=$(false) || echo substitution failed
for i in 1; do false && true; done
echo end
{ false; } 
echo never
