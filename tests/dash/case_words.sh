for w in apple banana cherry 'a b' '*' '' d1 .x; do
  case $w in
    a*e) echo "$w: a*e" ;;
    ban?na|x) echo "$w: ban" ;;
    [c-d]*) echo "$w: range" ;;
    \*) echo star ;;
    'a b') echo spaces ;;
    '') echo empty ;;
    *) echo "$w: other"
  esac
done
case x in y) echo no;; esac
echo $?
