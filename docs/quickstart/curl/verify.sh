verify() {
    local secret=$1 header=$2 body=$3 now=${4:-$(date +%s)} tolerance=${5:-300}
    local elements element times=() expected
    IFS=, read -ra elements <<<"$header"
    for element in "${elements[@]}"; do
        if [[ $element == t=* ]]; then times+=("${element#t=}"); fi
    done
    [[ ${#times[@]} -eq 1 && ${times[0]} =~ ^[0-9]{1,15}$ ]] || return 1
    expected=$({ printf '%s.' "${times[0]}"; cat "$body"; } | openssl dgst -sha256 -hmac "$secret" -r)
    expected=${expected%% *}
    [[ ${#expected} -eq 64 && ,$header, == *",v1=$expected,"* ]] || return 1
    local at=$((10#${times[0]}))
    ((now - at <= tolerance && at - now <= tolerance))
}
