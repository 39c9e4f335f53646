cat > run <<'E'
#!/bin/sh
echo "script got $#: $1"
exit 8
E
chmod +x run
./run 'an arg'
echo $?
