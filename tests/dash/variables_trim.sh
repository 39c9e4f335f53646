p=/usr/local/lib/file.tar.gz
echo ${p##*/} ${p#*/} ${p%/*} ${p%%/*} ${p%.*} ${p%%.*}
x='a*b*c'
echo "${x#*\*}" "${x%'*'*}"
