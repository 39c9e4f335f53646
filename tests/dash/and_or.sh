true && echo a
false && echo b
true || echo c
false || echo d
false && echo e || echo f
true || echo g && echo h
false || false || echo i
true &&
echo j
false ||
  echo k
