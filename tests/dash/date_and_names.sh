[ "$(date +%Y)" -ge 2020 ] && echo year
[ -n "$(hostname)" ] && echo hostname
[ "$(id -u)" = 0 ] && echo root
[ "$(uname)" = Linux ] && echo linux
env | grep -c '^PATH='
