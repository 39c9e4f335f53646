umask
umask 077
> private
ls -l private | { read m rest; echo $m; }
umask 022
> shared
ls -l shared | { read m rest; echo $m; }
