for i in 1 2; do
  case $i in
    1) while read l; do
         if [ "$l" = b ]; then echo "$i: $(echo "found $l" | cat)"; else echo "$i: $l"; fi
       done <<E
a
b
E
       ;;
    2) f() { (echo "sub $1"; { echo group; } ) | sort; }; f $i && echo ok || echo bad ;;
  esac
done
