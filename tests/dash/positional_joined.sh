set -- 'a b' c
for x in "p$@s"; do echo "<$x>"; done
for x in "p$*s"; do echo "<$x>"; done
for x in p$@s; do echo "<$x>"; done
