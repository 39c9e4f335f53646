command echo via command
command -v echo
command -v nosuchthing; echo $?
f() { :; }; command -v f
type nosuchthing >/dev/null 2>&1; echo $?
echo() { printf 'my echo\n'; }
echo x
command echo x
