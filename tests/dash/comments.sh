# a comment
echo a # trailing
echo a#b '#c' "#d"
#echo hidden
echo end
