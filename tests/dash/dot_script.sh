cat > lib.sh <<'E'
greet() { echo "hello $1"; }
loaded=yes
E
. ./lib.sh
greet you
echo $loaded
echo 'return 5; echo never' > ret.sh
. ./ret.sh
echo $?
