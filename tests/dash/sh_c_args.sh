sh -c 'echo $0 $1 $#' name arg1 arg2
sh -c 'echo $#' 
sh -c 'echo "$@"' x 'a  b' c
