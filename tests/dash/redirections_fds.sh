exec 3> log
echo to three >&3
echo also >&3
exec 3>&-
cat log
exec 4< log
read l <&4; echo "1 $l"
read l <&4; echo "2 $l"
read l <&4; echo "3 $? $l"
exec 4<&-
echo "back" >&1
