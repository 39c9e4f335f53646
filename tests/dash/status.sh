true; echo $?
false; echo $?
! true; echo $?
! false; echo $?
sh -c 'exit 42'; echo $?
(exit 7); echo $?
nosuchcommand; echo $?
x=$(exit 5); echo $?
echo $(exit 5)$?
