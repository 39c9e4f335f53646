HOME=/home/someone
echo ~ ~/x "~" a~ '~'
x=~/y
echo $x
