x=$(echo $(echo $(echo $(echo $(echo $(echo $(echo deep)))))))
echo $x
if true; then if true; then if true; then if true; then { { { ( ( echo in ) ); }; }; }; fi; fi; fi; fi
((((echo no arith)))) 2>/dev/null; ( ( ( (echo spaced) ) ) )
