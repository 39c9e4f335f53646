f() { echo "f sees $V"; }
V=temp f
V=old
V=new true
echo $V
V=new sh -c 'echo $V'
echo $V
P=a Q=b
echo $P$Q
