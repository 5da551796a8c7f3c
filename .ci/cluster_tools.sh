# shellcheck shell=bash
# A Kubernetes of one node for ./dev cluster. Sourced by setup.sh, after deploy_tools.sh. Built once into the cache: about ten
# minutes of two processors, and 140 MB.

# The first version in which an admission policy may change pods without a feature gate.
cluster_version=1.36.3

# shellcheck disable=SC2034  # setup() picks the list by name
packages_cluster=(containerd runc containernetworking-plugins iptables catatonit curl python3 python3-yaml postgresql-15)

cluster_tools_home() {
    local mark
    mark=$(cat .ci/cluster_tools.sh .ci/cluster_tools/* | sha256sum | cut -c1-12)
    echo "$(cache_dir)/kubernetes-$cluster_version-$mark"
}

install_cluster_tools() {
    local home
    home=$(cluster_tools_home)
    [[ ! -e $home/ready ]] || return 0
    say "building Kubernetes $cluster_version: some ten minutes, once"
    rm -rf "$home"
    mkdir -p "$home/bin"
    build_cluster_tools "$home" >"$(log_of cluster-tools)" 2>&1 ||
        { tail -40 "$(log_of cluster-tools)"; die "Kubernetes could not be built"; }
    touch "$home/ready"
}

build_cluster_tools() {
    local home=$1 work go name
    work=$(mktemp -d)
    go=$(new_enough_go "$work") &&
        (
            cp .ci/cluster_tools/main.go "$work/" && cd "$work" || exit
            export GOMODCACHE=$work/modules GOCACHE=$work/cache CGO_ENABLED=0 GOTOOLCHAIN=local GOENV=off GOFLAGS=-modcacherw
            write_kubernetes_module "$go" &&
                GOFLAGS="-modcacherw -mod=mod" "$go" build -trimpath -ldflags="$(kubernetes_version_flags)" -o "$home/bin/kubernetes" .
        )
    rm -rf "$work"
    [[ -x $home/bin/kubernetes ]] || return
    for name in etcd kubectl kubelet kube-apiserver kube-controller-manager kube-scheduler; do
        ln -sf kubernetes "$home/bin/$name"
    done
}

# Kubernetes' own go.mod, with its staging directories replaced by the modules that are published of them.
write_kubernetes_module() {
    local go=$1 source staged=v0.${cluster_version#1.}
    source=$("$go" mod download -json "k8s.io/kubernetes@v$cluster_version" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
    {
        echo "module cluster-tools"
        grep -E '^(go|godebug) ' "$source/go.mod"
        echo "require k8s.io/kubernetes v$cluster_version"
        sed -n "s,^\t*\(k8s.io/[a-z-]*\) => ./staging/.*,replace \1 => \1 $staged,p" "$source/go.mod"
    } >go.mod
    install -m 0644 "$source/go.sum" go.sum
}

# Without them the server calls itself v0.0.0-master, and kubectl warns.
kubernetes_version_flags() {
    local base=k8s.io/component-base/version client=k8s.io/client-go/pkg/version minor=${cluster_version#1.}
    echo "-s -w -X $base.gitVersion=v$cluster_version -X $base.gitMajor=1 -X $base.gitMinor=${minor%%.*}" \
        "-X $client.gitVersion=v$cluster_version"
}
