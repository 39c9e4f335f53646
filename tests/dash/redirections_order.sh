echo first > a
echo x > a > b
wc -c < a
cat b
cat < nosuch; echo $?
echo after
