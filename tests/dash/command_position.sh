e=echo
$e from variable
c='echo two words'
$c here
"$c" 2>/dev/null
echo $?
\echo quoted
'echo' quoted too
e"c"ho joined
ec''ho joined
