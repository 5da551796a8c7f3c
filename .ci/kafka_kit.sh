# shellcheck shell=bash
# A Kafka broker, Kafka Connect and Debezium for tests, demo and benchmark. Sourced by setup.sh. Fetched once, from
# .ci/kafka_kit/pom.xml, into the cache: 60 MB.

# The oldest Java that the broker takes.
java_oldest=17

# What is pinned is in the pom; CMake and the demo ask for the same name.
kafka_kit_home() {
    local mark
    mark=$(sha256sum .ci/kafka_kit/pom.xml | cut -c1-12)
    echo "$(cache_dir)/kafka-kit-$mark"
}

install_kafka_kit() {
    local home
    home=$(kafka_kit_home)
    has_new_enough_java || install_packages openjdk-17-jre-headless
    [[ ! -e $home/ready ]] || return 0
    command -v mvn >/dev/null || install_packages maven
    say "fetching Kafka and Debezium: 60 MB, about a minute, once"
    rm -rf "$home"
    mkdir -p "$home"
    fetch_kafka_kit "$home/lib" >"$(log_of kafka-kit)" 2>&1 ||
        { tail -40 "$(log_of kafka-kit)"; die "Kafka and Debezium could not be fetched"; }
    touch "$home/ready"
}

# It may have come otherwise than as Debian's package.
has_new_enough_java() {
    local version
    version=$(java -version 2>&1 | sed -nE '1s/.*version "([0-9]+).*/\1/p') || return 1
    [[ -n $version ]] && ((version >= java_oldest))
}

# A repository of its own, deleted afterwards, so that nothing is taken from one that others have written to. A file whose
# checksum is not the published one ends it (-C).
fetch_kafka_kit() {
    local lib=$1 repository
    repository=$(mktemp -d)
    mvn --batch-mode --no-transfer-progress --strict-checksums --file .ci/kafka_kit/pom.xml \
        -Dmaven.repo.local="$repository" dependency:copy-dependencies -DoutputDirectory="$lib"
    local fetched=$?
    rm -rf "$repository"
    return "$fetched"
}
