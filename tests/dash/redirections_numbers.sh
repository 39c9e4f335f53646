{ echo out; echo err >&2; } > o 2> e
cat o; echo --; cat e
{ echo out; echo err >&2; } > both 2>&1
cat both
{ echo out; echo err >&2; } 2>&1 > only | cat
cat only
ls nosuchfile 2>/dev/null || echo hidden
