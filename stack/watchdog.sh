# Outlives the program that started the parts, by a few seconds: when that program is gone, however it went, its end of
# this pipe closes, and every process group that it had named is ended. "+ID" and "-ID" add and remove a group.
groups=""
while read -r line; do
  case "$line" in
    +*) groups="$groups ${line#+}" ;;
    -*) kept=""; for group in $groups; do [ "$group" = "${line#-}" ] || kept="$kept $group"; done; groups="$kept" ;;
  esac
done
[ -z "$groups" ] && exit 0
for group in $groups; do kill -TERM "-$group" 2>/dev/null; done
tries=0
while [ "$tries" -lt 40 ]; do
  alive=""
  for group in $groups; do kill -0 "-$group" 2>/dev/null && alive="$alive $group"; done
  [ -z "$alive" ] && exit 0
  sleep 0.25
  tries=$((tries + 1))
done
for group in $alive; do kill -KILL "-$group" 2>/dev/null; done
