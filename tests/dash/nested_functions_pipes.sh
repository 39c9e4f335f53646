upper() { while read -r l; do echo "U:$l"; done; }
twice() { while read -r l; do echo "$l"; echo "$l"; done; }
printf 'a\nb\n' | twice | upper | grep -c U:a
echo x | twice | twice | twice | wc -l
