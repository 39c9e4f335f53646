mkdir -p a/b
start=$(pwd)
cd a/b
echo ${PWD#$start} 
cd ..
echo ${PWD#$start}
cd - > /dev/null
echo ${PWD#$start}
cd "$start"
cd nosuch 2>/dev/null
echo $?
cd a && cd b && echo ${PWD#$start}
cd /
pwd
