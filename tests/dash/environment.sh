A=1 B='two words' sh -c 'echo "$A $B"'
echo "[$A]"
C=3
sh -c 'echo "[$C]"'
export C
sh -c 'echo "[$C]"'
export D=4 E
sh -c 'echo "$D"'
unset C
echo "[$C]"; sh -c 'echo "[$C]"'
env -i X=y /bin/sh -c 'echo $X "[$D]"'
