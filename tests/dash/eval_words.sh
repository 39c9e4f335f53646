x='echo hello'
eval $x
eval 'y=5; echo $y'
eval "echo" '"a   b"'
n=z; eval "$n=set"; echo $z
eval 'for i in 1 2; do' 'echo $i;' 'done'
eval ''
echo $?
