trap 'echo got TERM' TERM
kill -TERM $$
echo after
trap '' INT
kill -INT $$
echo survived
trap - INT TERM
( trap 'echo sub exit' EXIT; echo in sub )
