if x=$(false); then echo yes; else echo no; fi
x=$(echo a; exit 3) && echo never
echo "$? $x"
echo $(false) $?
