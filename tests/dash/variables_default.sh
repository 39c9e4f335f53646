echo ${u-unset} ${u:-unset or empty} "${u-a  b}"
e=
echo "[${e-unset}]" "[${e:-empty}]"
echo "${n=given}" "$n"
echo "[${e+set}]" "[${e:+full}]" "[${n:+full}]" "[${u+set}]"
echo ${#n} ${#e} ${#u}
