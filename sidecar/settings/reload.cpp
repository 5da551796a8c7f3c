#include "settings/reload.hpp"

namespace understudy {

namespace {

/// What is shown of a secret hides it, so the secret itself is compared.
bool differs(const setting_key& key, const settings& before, const settings& after)
{
    if (key.name == "source.postgres.connection") return before.postgres.connection != after.postgres.connection;
    if (key.name == "serve.token_file") return before.serve.token != after.serve.token;
    return key.show(before) != key.show(after);
}

}  // namespace

std::vector<changed_key> compare(const settings& before, const settings& after)
{
    std::vector<changed_key> changes;
    for (const auto& key : setting_keys())
        if (differs(key, before, after)) changes.push_back({key.name, key.on_reload});
    return changes;
}

settings with_live_changes(settings running, const settings& wanted)
{
    running.cadence = wanted.cadence;
    running.log = wanted.log;
    running.documents = wanted.documents;
    running.snapshot.keep = wanted.snapshot.keep;
    running.snapshot.grace = wanted.snapshot.grace;
    running.heartbeat = wanted.heartbeat;
    return running;
}

}  // namespace understudy
