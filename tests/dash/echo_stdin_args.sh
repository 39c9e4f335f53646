cat
echo "$# $1"
