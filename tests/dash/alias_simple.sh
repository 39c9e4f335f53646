alias hi='echo hello'
hi there
alias | grep -c hi=
unalias hi
hi 2>/dev/null; echo $?
