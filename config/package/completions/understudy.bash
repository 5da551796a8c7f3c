# bash completion for understudy

_understudy() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} options="--config --help"
    case $before in
        --config | -o | --output)
            compopt -o filenames
            mapfile -t COMPREPLY < <(compgen -f -- "$word")
            return
            ;;
        --max-age | --reason | --connection) return ;;
    esac
    if ((COMP_CWORD == 1)); then
        options="run once check status ready live verify publish pause resume drop-slot describe config version --help --version"
    else
        case ${COMP_WORDS[1]} in
            run | once) ;;
            describe) options+=" --connection --output" ;;
            ready) options+=" --json --max-age" ;;
            verify) options+=" --json --against-db" ;;
            pause) options+=" --json --reason" ;;
            *) options+=" --json" ;;
        esac
    fi
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
}
complete -F _understudy understudy
