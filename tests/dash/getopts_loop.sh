# args: -a -b value -cd rest more
while getopts ab:cd o; do
  case $o in
    b) echo "b=$OPTARG" ;;
    *) echo $o ;;
  esac
done
shift $((OPTIND-1))
echo "$@"
