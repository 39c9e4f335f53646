echo if then else fi for do done while case esac in
x=if; echo $x
for for in for; do echo $for; done
for in in in; do echo $in; done
case in in in) echo in;; esac
echo { } !
