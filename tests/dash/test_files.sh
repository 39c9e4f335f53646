> file; mkdir dir; ln -s file link; ln -s nowhere broken; echo x > full
[ -e file ] && echo e
[ -f file ] && echo f
[ -d dir ] && echo d
[ -f dir ] || echo not f
[ -L link ] && echo L
[ -f link ] && echo through
[ -e broken ] || echo broken
[ -h broken ] && echo h
[ -s full ] && echo s
[ -s file ] || echo not s
[ -r file ] && [ -w file ] && echo rw
[ -x file ] || echo not x
[ -x dir ] && echo dir x
