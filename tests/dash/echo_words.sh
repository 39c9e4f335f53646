echo one   two	three
echo
echo -n no newline
echo '|' "a  b" a\ \ b
echo a;echo b ; echo c
