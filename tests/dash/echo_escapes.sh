echo 'tab\there' 'nl\nnew' 'back\\slash'
echo "octal \0101\060" 'stop\c' never
echo next
