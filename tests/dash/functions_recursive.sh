down() {
  if [ ${#1} -gt 5 ]; then return 0; fi
  echo $1
  down x$1
  echo back $1
}
down x
