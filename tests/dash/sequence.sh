echo a; echo b
echo c;
echo d ; false ; echo $?
{ echo e; echo f; }
( echo g; echo h )
{ echo i
echo j
}
