echo 'a $HOME `x` \n "q" # no comment'
echo 'it'\''s'
echo ''
echo 'two
lines'
