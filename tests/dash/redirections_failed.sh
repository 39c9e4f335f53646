echo x > /no/such/dir/file
echo "$?"
cat < /no/such/file
echo "$?"
{ echo never; } > /no/such/dir/x
echo "$?"
for i in 1; do echo never; done < /nowhere
echo "$?"
