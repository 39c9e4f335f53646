

echo a


;
