sh <<'E'
echo from stdin
x=1
if true; then
  echo "x is $x"
fi
E
echo 'echo piped $#' | sh -s a b
printf 'echo one\nexit 4\necho never\n' | sh
echo $?
