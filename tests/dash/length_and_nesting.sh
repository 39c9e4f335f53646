x=hello
echo ${#x} ${x:+"${x}s"} ${y:-${x:-z}} "${y:-"a b"}"
echo ${y:=${x}}${y}
set -- a b c; echo ${#} ${#1} "${@}" "${1}${2}"
echo "${x#h}" "${x%o}" "${x##*l}" "${x%%l*}" "${x#"h"}" "${x%"${x#?}"}"
