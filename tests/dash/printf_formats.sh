printf '%s\n' a b 'c d'
printf '%d %s|' 1 x 2 y; echo
printf '%5d|%-5d|%05d\n' 42 42 42
printf '%5s|%-5s|%.2s\n' ab ab abc
printf '%x %o %X %%\n' 255 8 255
printf 'no newline'
printf '\n\ttab\\ \101\n'
printf '%b' 'a\nb\n'
printf '%c%c\n' abc d
printf '[%s]\n'
