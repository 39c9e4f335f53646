mkdir -p p/q
echo data > p/f
cp p/f p/g
mv p/g p/q/h
cat p/q/h
ln p/f p/hard
ln -s f p/soft
cat p/hard p/soft
rm p/f
cat p/hard
cat p/soft 2>/dev/null || echo dangling
ls p
rm -r p
[ -e p ] || echo gone
mkdir a/b/c 2>/dev/null; echo $?
rm nosuch 2>/dev/null; echo $?
rm -f nosuch; echo $?
