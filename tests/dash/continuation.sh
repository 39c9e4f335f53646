echo one \
  two \
  three
if true && \
   true
then echo yes; fi
echo a |
  cat |

  cat
x=a\
b; echo $x
