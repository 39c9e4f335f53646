echo $(echo a) "$(echo 'b  c')" $(echo 'b  c')
x=$(echo one; echo two)
echo "$x"
y=$(printf 'trailing\n\n\n')
echo "[$y]"
echo "$(echo "$(echo "deep 'quotes'")")"
z=`echo back; echo tick`
echo $z
echo `echo \`echo nested\``
