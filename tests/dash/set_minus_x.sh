# traces go to stderr only
set -x
echo traced 2>/dev/null
set +x
echo quiet
