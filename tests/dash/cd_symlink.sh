mkdir real; ln -s real link
cd link
echo ${PWD##*/}
cd ..
[ -d link ] && echo back
cd -P link
echo ${PWD##*/}
