set --
echo "[$*]" "[$@]"
x=
echo $x$x a$x "b$x"
$x echo command after nothing
$x
echo $?
"" 2>/dev/null
echo $?
