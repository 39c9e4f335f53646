> f; chmod 640 f; ls -l f | { read m r; echo $m; }
chmod u+x,g-r,o=r f; ls -l f | { read m r; echo $m; }
ln f g; ls -l g | { read m n r; echo $n; }
ln -s f s; ls -l s | { read m n u g z d1 d2 d3 rest; echo $rest; }
mkdir -m 700 d; ls -ld d | { read m r; echo $m; }
ln f g 2>/dev/null; echo $?
mv f h; cat g h; rm s g h; ls
