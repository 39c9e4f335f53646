( echo "${missing?is not there}"; echo never )
echo "status $?"
( : ${gone:?}; echo never ) 
echo "status $?"
