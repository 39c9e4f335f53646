f() {
  case "$1" in
    (a|b) echo first ;;
    c) ;;
    [[:digit:]]) echo digit ;;
    "$2") echo second argument ;;
    $2) echo pattern ;;
    *" "*) echo space ;;
    ?) echo one ;;
    ??*) echo more
  esac
  echo $?
}
f a; f b; f c; f 7; f x x; f xyz 'x*'; f 'p q'; f z; f long
