f() { false; return; }
f; echo $?
g() { true; }
g; echo $?
h() { return 200; }
h; echo $?
i() { for x in 1 2 3; do if [ $x = 2 ]; then return $x; fi; done; }
i; echo $? $x
j() { while :; do while :; do return 6; done; done; }
j; echo $?
