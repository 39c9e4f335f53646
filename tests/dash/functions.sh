f() { echo "f got $# args: $1"; }
f
f a b
g () {
  echo in g
  return 4
  echo never
}
g
echo $?
h() ( x=inner; echo $x )
x=outer
h
echo $x
