for f in $(echo c a b | sort); do echo $f; done
for w in $(printf 'z\ny\nx\n' | sort); do echo "<$w>"; done
while read l; do echo "got $l"; done <<E
$(echo from; echo heredoc)
E
