# shellcheck shell=bash
# Shared by dev and the scripts beside this file. Sourced, with the repository's root as working directory.

say() { printf '\033[1m== %s\033[0m\n' "$*"; }
if [[ ! -t 1 ]]; then say() { printf '== %s\n' "$*"; }; fi

die() {
    printf 'dev: %s\n' "$*" >&2
    exit 1
}

# Where a preset of CMakePresets.json builds.
build_dir() {
    case $1 in
        release) echo build ;;
        *) echo "build-$1" ;;
    esac
}

log_of() {
    mkdir -p build/log
    echo "build/log/$1.log"
}

# Downloads live outside the tree, so that the next clone is quick.
cache_dir() { echo "${XDG_CACHE_HOME:-$HOME/.cache}/understudy"; }
