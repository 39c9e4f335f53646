x=1
( x=2; echo $x; cd /; exit 4 )
echo $? $x
[ "$(pwd)" != / ] && echo same place
( ( echo deep; exit 2 ); echo $? )
(echo a; (echo b; (echo c)))
