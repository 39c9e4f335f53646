> b; > a; > C; > .dot
ls
ls -a
ls -1
ls a b
