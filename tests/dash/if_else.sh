if true; then echo a; fi
if false; then echo b; else echo c; fi
if false; then echo d; elif true; then echo e; else echo f; fi
if false; then echo g; elif false; then echo h; fi
echo $?
if [ 1 -eq 1 ] && [ a = a ]
then
  echo i
fi
if ! false; then echo j; fi
