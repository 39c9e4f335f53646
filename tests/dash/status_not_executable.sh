echo 'echo hi' > script
./script
echo $?
mkdir dir
./dir
echo $?
/no/such/path
echo $?
