set -e
echo a
false || echo guarded
if false; then :; fi
! true
( set +e; false; echo still )
false
echo never
